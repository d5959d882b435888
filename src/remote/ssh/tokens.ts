import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import type { LocalUser } from '../local-user.ts';

/** The values of `%` tokens (ssh_config(5), TOKENS) by letter. */
export type Tokens = Readonly<Record<string, string>>;

/** The tokens of one connection. */
export function tokensOf(
  localUser: LocalUser,
  target: {
    readonly hostName: string;
    readonly address: string;
    readonly port: number;
    readonly user: string;
    readonly alias: string | undefined;
    readonly jump: string | undefined;
  },
): Tokens {
  const { hostName, address, user, jump = '' } = target;
  const [port, local] = [String(target.port), hostname()];
  return {
    '%': '%',
    h: hostName,
    n: address,
    p: port,
    r: user,
    u: localUser.userName,
    d: localUser.home,
    i: String(userInfo().uid),
    j: jump,
    k: target.alias ?? address,
    l: local,
    L: local.replace(/\..*$/, ''),
    C: createHash('sha1').update(`${local}${hostName}${port}${user}${jump}`).digest('hex'),
  };
}

/** Replaces the tokens of a text. Unknown ones stay. */
export function fillTokens(text: string, tokens: Tokens): string {
  return text.replaceAll(/%(.)/g, (whole, token: string) => tokens[token] ?? whole);
}

/** A path with `~`, `${VARIABLE}` and tokens replaced. A variable that is not set stays, so that messages show it. */
export function pathOf(text: string, tokens: Tokens, { home, environment }: LocalUser): string {
  const named = text
    .replace(/^~(?=\/|$)/, () => home)
    .replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => environment[name] ?? whole);
  return fillTokens(named, tokens);
}

/**
 * The paths of a list that `ssh -G` prints: without quotation marks, so a blank may be inside a path. From the left the longest text
 * that is a file is one path; without any, a path goes on until the next word that starts like one.
 */
export function separatePaths(
  text: string,
  path: (text: string) => string,
  isFile: (path: string) => boolean = existsSync,
): readonly string[] {
  const words = text.split(' ').filter((word, _index, all) => word !== 'none' || all.length > 1);
  const paths: string[] = [];
  for (let at = 0; at < words.length;) {
    const next = words.findIndex((word, index) => index > at && /^[/~%$]/.test(word));
    let end = next < 0 ? words.length : next;
    for (let longest = words.length; longest > at; longest -= 1)
      if (isFile(path(words.slice(at, longest).join(' ')))) {
        end = longest;
        break;
      }
    const found = words.slice(at, end).join(' ');
    if (found !== '') paths.push(path(found));
    at = end;
  }
  return paths;
}

/** The words of a command that OpenSSH runs without a shell (`KnownHostsCommand`), with the tokens filled; `%H %I %K %f %t` stay. */
export function commandWords(text: string | undefined, tokens: Tokens): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const words = text.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? [];
  return words.map((word) => {
    const bare = word.replaceAll(
      /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g,
      (_whole, double?: string, single?: string, escaped?: string) =>
        double?.replaceAll(/\\(["\\])/g, '$1') ?? single ?? escaped ?? '',
    );
    return bare.replaceAll(/%(.)/g, (whole, token: string) => (token === '%' ? whole : (tokens[token] ?? whole)));
  });
}
