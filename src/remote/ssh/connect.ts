import type { Forward, Host, Target } from '../../core/host.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import type { LocalUser } from '../local-user.ts';
import { dial, type Connection } from './dial.ts';
import { openForward } from './forward.ts';
import { runSession } from './session.ts';
import { resolveSettings, type SshSettings } from './settings.ts';
import { createSemaphore } from './semaphore.ts';
import { stopped } from './unreachable.ts';
import { openTunnel, type Tunnel } from './tunnel.ts';

/** Concurrent sessions on one connection. OpenSSH's MaxSessions is 10, and forwards need some. */
const SESSIONS_MAX = 8;

/** Connects over SSH: resolves the settings, opens the tunnel, then verifies the host key and authenticates. */
export async function connectSsh(localUser: LocalUser, target: Target, signal: AbortSignal): Promise<Result<Host>> {
  const settings = await resolveSettings(localUser, target, signal);
  if (signal.aborted) return fail(stopped(target.name));
  if (!settings.ok) return settings;
  const tunnel = await openTunnel(localUser, target, settings.value, signal);
  if (!tunnel.ok) return tunnel;
  const connection = await dial(settings.value, target.password, tunnel.value.stream, signal);
  if (connection.ok) return ok(createSshHost(target, settings.value, connection.value, tunnel.value));
  await tunnel.value.close();
  const complaint = tunnel.value.complaint();
  const [problem] = connection.problems;
  return complaint === ''
    ? connection
    : fail({ ...problem, detail: `${problem.detail} Message of the ProxyCommand: ${complaint}` });
}

function createSshHost(target: Target, settings: SshSettings, connection: Connection, tunnel: Tunnel): Host {
  const { client } = connection;
  const semaphore = createSemaphore(SESSIONS_MAX);
  const forwards = new Set<Forward>();
  return {
    name: target.name,
    address: target.address,
    run: (command, options) => semaphore.use(() => runSession(settings, client, command, options)),
    forward: async (port) => {
      const opened = await openForward(settings, client, port);
      if (opened.ok) forwards.add(opened.value);
      return opened;
    },
    close: async () => {
      await Promise.all([...forwards].map((forward) => forward.close()));
      await connection.close();
      await tunnel.close();
    },
  };
}
