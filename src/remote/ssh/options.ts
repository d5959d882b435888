import { execFile } from 'node:child_process';
import { fail, ok, type Result } from '../../core/problem.ts';
import type { LocalUser } from '../local-user.ts';

/** Options of ssh_config(5) by lower-case name, with all values of each. */
export type Options = ReadonlyMap<string, readonly string[]>;

const RESOLVE_TIMEOUT_MS = 10_000;

const HANGS =
  'no answer within 10 s. A command of Match exec in ssh_config may hang, or the name server (CanonicalizeHostname)';

const USUAL_KEYS = ['id_rsa', 'id_ecdsa', 'id_ed25519'];

/**
 * The options that OpenSSH uses for an address with these arguments. `ssh -G` evaluates Host, Match, Include and
 * canonical names. Without an ssh client only the arguments count, with the default keys and known_hosts files.
 */
export async function readOptions(
  localUser: LocalUser,
  argv: readonly string[],
  address: string,
  signal: AbortSignal,
): Promise<Result<Options>> {
  const asked = await askSsh(localUser, argv, address, signal);
  if (asked === undefined) return ok(optionsOf(argv, localUser));
  return asked.exitCode === 0
    ? ok(parseOptions(asked.stdout))
    : fail({
        code: 'config.ssh',
        summary: 'ssh does not accept its options',
        detail: `Message of ssh: ${asked.stderr.trim()}`,
        fix: `ssh -G ${address}`,
      });
}

/** Parses the output of `ssh -G`: a name and a value on each line. */
export function parseOptions(text: string): Options {
  const options = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
    if (name !== undefined) options.set(name.toLowerCase(), [...(options.get(name.toLowerCase()) ?? []), value]);
  }
  return options;
}

interface Asked {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function askSsh(
  { environment }: LocalUser,
  argv: readonly string[],
  address: string,
  signal: AbortSignal,
): Promise<Asked | undefined> {
  return new Promise((resolve) => {
    const child = execFile(
      'ssh',
      ['-G', ...argv, '--', address],
      { env: { ...environment }, timeout: RESOLVE_TIMEOUT_MS, signal },
      (error, stdout, stderr) => {
        if (error?.code === 'ENOENT') return resolve(undefined);
        return resolve({
          exitCode: error === null ? 0 : 1,
          stdout,
          stderr: error?.killed === true ? HANGS : stderr === '' ? (error?.message ?? '') : stderr,
        });
      },
    );
    // A command of `Match exec` that reads its input would wait for it.
    child.stdin?.end();
  });
}

const LETTERS: Readonly<Record<string, string>> = { p: 'port', l: 'user', i: 'identityfile', J: 'proxyjump' };

/** The options that ssh's arguments set (`-o Name=value`, `-p`, `-l`, `-i`, `-J`), with OpenSSH's defaults. */
export function optionsOf(argv: readonly string[], { home }: Pick<LocalUser, 'home'>): Options {
  const options = new Map<string, readonly string[]>();
  // As in OpenSSH, the first value of an option counts; keys and certificates are added.
  const set = (name: string, value: string): void => {
    const key = name.toLowerCase();
    if (key === 'identityfile' || key === 'certificatefile') options.set(key, [...(options.get(key) ?? []), value]);
    else if (!options.has(key)) options.set(key, [value]);
  };
  for (let at = 0; at < argv.length; at += 1) {
    const [, letter = '', attached = ''] = /^-([oplJi])(.*)$/s.exec(argv[at] ?? '') ?? [];
    if (letter === '') continue;
    const value = attached === '' ? (argv[(at += 1)] ?? '') : attached;
    const [, name = '', setting = ''] = /^\s*(\w+)\s*[=\s]\s*"?(.*?)"?\s*$/s.exec(value) ?? [];
    if (letter === 'o') set(name, setting);
    else set(LETTERS[letter] ?? '', value);
  }
  if (!options.has('identityfile'))
    options.set(
      'identityfile',
      USUAL_KEYS.map((name) => `${home}/.ssh/${name}`),
    );
  if (!options.has('userknownhostsfile'))
    set('userknownhostsfile', `${home}/.ssh/known_hosts ${home}/.ssh/known_hosts2`);
  set('globalknownhostsfile', '/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2');
  return options;
}
