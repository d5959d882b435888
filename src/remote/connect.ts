import type { Connect } from '../core/host.ts';
import { ok } from '../core/problem.ts';
import { createLocalHost } from './local/host.ts';
import type { LocalUser } from './local-user.ts';
import { connectSsh } from './ssh/connect.ts';

/**
 * Returns the function that connects to hosts for one local user: over SSH with the user's keys and known_hosts, or to
 * this machine itself.
 */
export function createConnect(localUser: LocalUser): Connect {
  return (target, signal) =>
    target.connection === 'local'
      ? Promise.resolve(ok(createLocalHost(target.name, localUser.environment)))
      : connectSsh(localUser, target, signal);
}
