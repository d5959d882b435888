import type { Connect } from '../core/host.ts';
import { ok } from '../core/problem.ts';
import { shellLine } from '../core/shell.ts';
import { createLocalHost } from './local/host.ts';
import type { LocalUser } from './local-user.ts';
import { connectOpenSsh } from './openssh/connect.ts';
import { connectSsh } from './ssh/connect.ts';
import type { Transport } from './transport.ts';

/**
 * Returns the function that connects to hosts for one local user: over SSH with the user's keys and known_hosts, or to
 * this machine itself. `trust` is the command that records host keys, with its choice of the inventory, for messages.
 */
export function createConnect(localUser: LocalUser, trust = 'hxllm trust', transport: Transport = 'ssh2'): Connect {
  const connect = transport === 'ssh2' ? connectSsh : connectOpenSsh;
  return (target, signal) =>
    target.connection === 'local'
      ? Promise.resolve(ok(createLocalHost(target.name, localUser.environment)))
      : connect(localUser, { trust: `${trust} ${shellLine([target.name])}`, ...target }, signal);
}
