import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware } from 'ssh2';
import type { Problem } from '../../core/problem.ts';
import type { AuthAttempt, Identities } from './identities.ts';
import type { SshSettings } from './settings.ts';

/** Tries identities one after the other, without the initial probe with method `none`, and records them. */
export interface Authentication {
  readonly handler: AuthHandlerMiddleware;
  /** Keeps the server's banner, for the Problem. */
  heard(banner: string): void;
  /** The Problem if no identity was accepted. `said` is the server's last message. */
  problem(said?: string): Problem;
  /** The Problem of a login that did not end in time. */
  late(limitMs: number): Problem;
}

/** Creates the authentication for one server from the gathered identities. */
export function authenticate(settings: SshSettings, identities: Identities): Authentication {
  const tried: AuthAttempt[] = [];
  const inPart = new Set<AuthAttempt>();
  let [accepted, heard]: (readonly AuthenticationType[] | undefined)[] = [undefined, undefined];
  let [probed, banner] = [false, ''];
  let rest = [...identities.attempts];
  const nextOf = (left: readonly AuthenticationType[] | null, partly: boolean | null): AnyAuthMethod | undefined => {
    const last = tried.at(-1);
    // After an agent's key ssh2 repeats the answer before it: the methods that can continue are open then.
    const isFresh = last?.method.type !== 'agent' || probed;
    if (isFresh && left !== null) heard = left;
    accepted = isFresh ? (left ?? accepted) : undefined;
    // The server wants another method after this one (AuthenticationMethods): each counts again.
    if (isFresh && partly === true && last !== undefined) {
      inPart.add(last);
      rest = identities.attempts.filter((attempt) => attempt !== last);
    }
    const at = rest.findIndex(({ method }) => accepted?.includes(kindOf(method)) ?? true);
    const [attempt] = at < 0 ? [] : rest.splice(at, 1);
    if (attempt === undefined) {
      // Without anything to offer, `none` shows what the server accepts. Some servers need no more (Tailscale SSH).
      if (probed || accepted !== undefined) return undefined;
      probed = true;
      return { type: 'none', username: settings.user };
    }
    tried.push(attempt);
    return attempt.method;
  };
  const problem = (said?: string): Problem => {
    const named = tried.map((attempt) => ({ label: attempt.label, inPart: inPart.has(attempt) }));
    return loginRefused(settings, identities.unusable, { tried: named, accepted: heard }, said, banner);
  };
  return {
    handler: (left: AuthenticationType[] | null, partly, next) => {
      // ssh2 takes `false` as the end of the list (its README, authHandler), which its types do not allow.
      next(nextOf(left, partly) ?? (false as unknown as AuthenticationType));
    },
    heard: (text) => {
      banner = text;
    },
    problem,
    late: (limitMs) => loginLate(settings, tried.at(-1)?.label, limitMs),
  };
}

/** The Problem of a login that did not end in time; `last` is the last attempt. */
export function loginLate(settings: SshSettings, last: string | undefined, limitMs: number): Problem {
  return {
    code: 'host.timeout',
    summary: `${settings.name}: the login did not end within ${String(limitMs / 1000)} s`,
    detail: `Expected ${settings.hostName} to accept or refuse ${settings.user}, found no answer. The last attempt: ${last ?? 'none'}. The host’s PAM or directory server may hang, or the agent waits for you to touch a key or to allow its use.`,
    fix: `${settings.command} -v true`,
    where: { host: settings.name },
  };
}

function kindOf(method: AnyAuthMethod): AuthenticationType {
  return method.type === 'agent' ? 'publickey' : method.type;
}

/** A login until it was refused. */
export interface LoginProgress {
  /** `inPart`: accepted, and the server wants another method after it (`AuthenticationMethods`). */
  readonly tried: readonly { readonly label: string; readonly inPart: boolean }[];
  /** The methods that can continue, by the server's last answer. */
  readonly accepted: readonly string[] | undefined;
}

/** The Problem of a login that the server refused: each key that was tried, those that could not be, and the words of the server. */
export function loginRefused(
  settings: SshSettings,
  unusable: Identities['unusable'],
  { tried, accepted }: LoginProgress,
  said: string | undefined,
  banner: string,
): Problem {
  const place = `${settings.user}@${settings.hostName}:${String(settings.port)}`;
  const list =
    tried.length === 0
      ? 'There is no key to try.'
      : `Tried ${tried.map(({ label, inPart }) => `${label}${inPart ? ' [accepted in part]' : ''}`).join(', ')}.`;
  const closed = unusable.length === 0 ? '' : ` ${unusable.map(({ label }) => label).join('; ')}.`;
  const server =
    accepted === undefined
      ? ''
      : accepted.length === 0
        ? ' The server accepts no further method.'
        : ` The server accepts ${accepted.join(', ')}.`;
  const shown = onOneLine(banner);
  const words = `${said === undefined ? '' : ` Its message: ${onOneLine(said)}.`}${shown === '' ? '' : ` Its banner: ${shown}`}`;
  const [key] = settings.namedKeys;
  const copy = `ssh-copy-id${key === undefined ? '' : ` -i ${key}`} -p ${String(settings.port)} ${settings.user}@${settings.hostName}`;
  return {
    code: 'host.authentication-failed',
    summary: `${settings.name}: ${place} accepted no key or password`,
    detail: `Expected to log in as ${settings.user}. ${list}${closed}${server}${words}`,
    fix: fixFor(said, accepted) ?? unusable.find(({ fix }) => fix !== undefined)?.fix ?? copy,
    where: { host: settings.name },
  };
}

/** The fix for a server that would refuse every key. */
function fixFor(said: string | undefined, accepted: readonly string[] | undefined): string | undefined {
  if (/too many authentication failures/i.test(said ?? ''))
    return "ansible_ssh_private_key_file=KEY ansible_ssh_common_args='-o IdentitiesOnly=yes'  # in the inventory: the server counts every key that is tried (MaxAuthTries)";
  // ssh2 takes packets up to 35,000 bytes (RFC 4253, 6.1); OpenSSH sends a banner in one.
  if (said === 'Bad packet length')
    return 'sudo sshd -T | grep -i banner  # on the host: hxllm takes a Banner file of 32 KB at most; shorten it';
  return accepted === undefined || accepted.includes('publickey')
    ? undefined
    : "sudo sshd -T | grep -iE 'pubkeyauthentication|authenticationmethods'  # on the host: it accepts no key now; or put the password into the vault: ansible_password";
}

/** A message of the server on one line, at most 300 characters, without control characters. */
export function onOneLine(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}
