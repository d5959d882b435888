import type { Problem } from '../../core/problem.ts';
import { loginLate, loginRefused, onOneLine } from '../ssh/authentication.ts';
import { reasonsOf, type Identities } from '../ssh/identities.ts';
import { readPrivateKey } from '../ssh/private-key.ts';
import type { SshSettings } from '../ssh/settings.ts';
import { blocked } from '../ssh/tunnel.ts';
import { silentAfter, stopped, unreachable } from '../ssh/unreachable.ts';
import type { Login } from './arguments.ts';
import { hostKeyFailure } from './host-key-failure.ts';
import { parseLoginLog, type LoginLog } from './login-log.ts';
import { readLog, type StartEnd } from './shared-connection.ts';

/** An attempt to connect that did not succeed. */
export interface FailedStart {
  /** The jump hosts from the nearest on, then the host. */
  readonly logins: readonly Login[];
  readonly end: Exclude<StartEnd, 'open'>;
  /** The output of ssh beside its log. */
  readonly said: string;
  /** Key files that stayed locked. */
  readonly locked: ReadonlySet<string>;
  readonly loginMs: number;
}

/** The Problem of a failed start: that of the first host on the way that was not reached or did not let in. */
export async function startProblem(start: FailedStart): Promise<Problem> {
  const { logins, end, said, locked, loginMs } = start;
  const last = logins.at(-1);
  if (last === undefined) throw new Error('a start without a login');
  if (end === 'aborted') return stopped(last.settings.name);
  for (const [index, login] of logins.entries()) {
    const log = parseLoginLog(readLog(login.log));
    const next = logins[index + 1];
    const refusal = log.said.find((line) => /open failed: |[Ss]tdio forwarding (?:request )?failed/.test(line));
    if (next !== undefined && log.authenticated && refusal !== undefined)
      return blocked(last.settings, login.settings, next.settings, new Error(reasonIn(refusal)));
    if (next !== undefined && log.authenticated) continue;
    return loginProblem(login, log, end, { said, locked, loginMs });
  }
  throw new Error('a start that failed nowhere');
}

function reasonIn(line: string): string {
  return line.replace(/^.*open failed: (?:connect failed: )?/, '').trim();
}

async function loginProblem(
  { settings, target }: Login,
  log: LoginLog,
  end: FailedStart['end'],
  { said, locked, loginMs }: Pick<FailedStart, 'said' | 'locked' | 'loginMs'>,
): Promise<Problem> {
  const words = log.said.join(' ');
  const password = target.password === undefined ? [] : ['password'];
  if (!log.exchanged) {
    const hostKey = await hostKeyFailure(settings, log);
    if (hostKey !== undefined) return hostKey;
    const problem =
      end === 'silent' || /timed out/i.test(words)
        ? silentAfter(settings, stageOf(log, settings))
        : unreached(settings, log);
    // A server's banner comes after the keys are exchanged: until then nothing but ssh and its ProxyCommand has written this.
    const speaker = settings.proxyCommand === undefined ? 'ssh' : 'the ProxyCommand';
    return said === ''
      ? problem
      : { ...problem, detail: `${problem.detail} Message of ${speaker}: ${onOneLine(said)}` };
  }
  const unusable = await unusableKeys(settings, log, locked);
  const tried = triedIn(log, unusable.encrypted, password.length > 0);
  if (end !== 'failed') return loginLate(settings, tried.at(-1)?.label, loginMs);
  return loginRefused(settings, unusable.reasons, { tried, accepted: log.accepted }, messageIn(log), said);
}

function stageOf(log: LoginLog, { proxyCommand, proxyJump }: SshSettings): { connected: boolean; heard: boolean } {
  const isDirect = proxyCommand === undefined && proxyJump === undefined;
  return { connected: log.connected || !isDirect, heard: log.greeted };
}

const CODES: readonly (readonly [RegExp, string])[] = [
  [/Temporary failure in name resolution|Try again/i, 'EAI_AGAIN'],
  [/Could not resolve hostname/, 'ENOTFOUND'],
  [/Connection refused/, 'ECONNREFUSED'],
  [/No route to host/, 'EHOSTUNREACH'],
  [/Network is unreachable/, 'ENETUNREACH'],
  [/Connection reset by peer/, 'ECONNRESET'],
];

function unreached(settings: SshSettings, log: LoginLog): Problem {
  const words = log.said.join(' ');
  const [offer] = /no matching .* found\..*$/m.exec(log.said.find((line) => /no matching/.test(line)) ?? '') ?? [];
  if (offer !== undefined)
    return {
      code: 'host.unreachable',
      summary: `${settings.name}: no common algorithm with ${settings.hostName} port ${String(settings.port)}`,
      detail: `Expected an algorithm that the installed ssh and the server both have, found: ${offer}`,
      fix: `${settings.command} -v true  # ssh -Q kex (cipher, mac, key) lists those of this machine; a newer openssh-client has more`,
      where: { host: settings.name },
    };
  const [, code] = CODES.find(([pattern]) => pattern.test(words)) ?? [];
  const shown = log.said
    .at(-1)
    ?.replace(/^(?:ssh|kex_exchange_identification): /, '')
    .replace(/\.$/, '');
  const error = new Error(shown ?? 'the server closed the connection');
  return unreachable(settings, code === undefined ? error : Object.assign(error, { code }));
}

/** The words of the server about the login, without those of ssh itself. */
function messageIn(log: LoginLog): string | undefined {
  const own =
    /^(?:.*Permission denied \(|Load key |Warning: Identity file|Disconnected from|Authenticated )|^@|^Connection closed by/;
  const [, disconnect] =
    log.said.map((line) => /^Received disconnect from .*?:\d+: (.*)$/.exec(line)).find(Boolean) ?? [];
  const others = log.said.filter((line) => !own.test(line) && !line.startsWith('Received disconnect'));
  const expired = others.find((line) => /expired|change your password/i.test(line));
  return (
    disconnect ??
    expired ??
    (log.said.some((line) => line.includes('Permission denied (')) ? undefined : log.said.at(-1))
  );
}

interface Unusable {
  readonly reasons: Identities['unusable'];
  /** Files that are encrypted. */
  readonly encrypted: ReadonlySet<string>;
}

async function unusableKeys(settings: SshSettings, log: LoginLog, locked: ReadonlySet<string>): Promise<Unusable> {
  const [named = [], usual = []] = await Promise.all(
    [settings.namedKeys, settings.usualKeys].map((files) => Promise.all(files.map(readPrivateKey))),
  );
  const offered = new Set(log.keys.filter(({ fromAgent }) => fromAgent).map(({ file }) => file));
  const files = [...named, ...usual.filter(({ state }) => state !== 'missing')];
  const reasons = files
    // ssh can use the other kinds.
    .filter((file) => !(file.state === 'unusable' && file.foreign === true) && !offered.has(file.file))
    // ssh asks for the passphrase itself.
    .filter(({ state }) => state !== 'encrypted' || settings.prompts === undefined)
    .flatMap((file) => reasonsOf(file, () => false, settings));
  const still = [...locked].map((file) => ({
    label: `${file} stays locked, without its passphrase`,
    fix: `ssh-add ${file}`,
  }));
  return {
    reasons: [...reasons, ...still],
    encrypted: new Set(files.filter(({ state }) => state === 'encrypted').map(({ file }) => file)),
  };
}

function triedIn(
  log: LoginLog,
  encrypted: ReadonlySet<string>,
  hasPassword: boolean,
): readonly { readonly label: string; readonly inPart: boolean }[] {
  const keys = log.keys.map(({ file, type, fingerprint, fromAgent, inPart }) => ({
    label: `${file}${fromAgent ? ' from the agent' : ''} (${type} ${fingerprint}${!fromAgent && encrypted.has(file) ? ', encrypted' : ''})`,
    inPart,
  }));
  const names: Readonly<Record<string, string>> = hasPassword
    ? { password: 'the password', 'keyboard-interactive': 'the password as an answer' }
    : {};
  return [...keys, ...[...new Set(log.methods)].map((method) => ({ label: names[method] ?? method, inPart: false }))];
}
