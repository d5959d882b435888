import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware } from 'ssh2';
import type { Problem } from '../../core/problem.ts';
import type { AuthAttempt, Identities } from './identities.ts';
import type { SshSettings } from './settings.ts';

/** Tries identities one after the other, without the initial probe with method `none`, and records them. */
export interface Authentication {
  readonly handler: AuthHandlerMiddleware;
  /** The Problem if no identity was accepted. `said` is the server's last message. */
  problem(said?: string): Problem;
}

/** Creates the authentication for one server from the gathered identities. */
export function authenticate(settings: SshSettings, identities: Identities): Authentication {
  const tried: AuthAttempt[] = [];
  let accepted: readonly AuthenticationType[] | undefined;
  const rest = [...identities.attempts];
  const nextOf = (left: readonly AuthenticationType[] | null): AnyAuthMethod | undefined => {
    if (left !== null) accepted = left;
    for (;;) {
      const attempt = rest.shift();
      if (attempt === undefined) return undefined;
      const kind = attempt.method.type === 'agent' ? 'publickey' : attempt.method.type;
      if (accepted !== undefined && !accepted.includes(kind)) continue;
      tried.push(attempt);
      return attempt.method;
    }
  };
  return {
    handler: (left: AuthenticationType[] | null, _partly, next) => {
      // ssh2 takes `false` as the end of the list (its README, authHandler), which its types do not allow.
      next(nextOf(left) ?? (false as unknown as AuthenticationType));
    },
    problem: (said) => problemOf(settings, identities, tried, accepted, said),
  };
}

function problemOf(
  settings: SshSettings,
  { unusable }: Identities,
  tried: readonly AuthAttempt[],
  accepted: readonly AuthenticationType[] | undefined,
  said: string | undefined,
): Problem {
  const place = `${settings.user}@${settings.hostName}:${String(settings.port)}`;
  const list = tried.length === 0 ? 'There is no key to try.' : `Tried ${tried.map(({ label }) => label).join(', ')}.`;
  const closed = unusable.length === 0 ? '' : ` ${unusable.map(({ label }) => label).join('; ')}.`;
  const server = accepted === undefined ? '' : ` The server accepts ${accepted.join(', ')}.`;
  const words = said === undefined ? '' : ` Its message: ${said}.`;
  const [key] = settings.namedKeys;
  const copy = `ssh-copy-id${key === undefined ? '' : ` -i ${key}`} -p ${String(settings.port)} ${settings.user}@${settings.hostName}`;
  return {
    code: 'host.authentication-failed',
    summary: `${settings.name}: ${place} accepted no key or password`,
    detail: `Expected to log in as ${settings.user}. ${list}${closed}${server}${words}`,
    fix: unusable.find(({ fix }) => fix !== undefined)?.fix ?? copy,
    where: { host: settings.name },
  };
}
