import type { Client } from 'ssh2';
import type { Forward, Host, Target } from '../../core/host.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import type { LocalUser } from '../local-user.ts';
import { dial } from './dial.ts';
import { openForward } from './forward.ts';
import { SessionPool, type Link } from '../session-pool.ts';
import { runSession } from './session.ts';
import { tryPort } from './port-trial.ts';
import { resolveSettings, type SshSettings } from './settings.ts';
import { stopped } from './unreachable.ts';
import { speakTls } from '../tls/tls.ts';
import { openStream } from './stream.ts';
import { openTunnel } from './tunnel.ts';

/** Connects over SSH: resolves the settings, opens the tunnel, then verifies the host key and authenticates. */
export async function connectSsh(localUser: LocalUser, target: Target, signal: AbortSignal): Promise<Result<Host>> {
  const settings = await resolveSettings(localUser, target, signal);
  if (signal.aborted) return fail(stopped(target.name));
  if (!settings.ok) return settings;
  const open = (until: AbortSignal): Promise<Result<ClientLink>> => openLink(localUser, target, settings.value, until);
  const first = await open(signal);
  return first.ok ? ok(createSshHost(target, settings.value, first.value, open)) : first;
}

interface ClientLink extends Link {
  readonly client: Client;
}

async function openLink(
  localUser: LocalUser,
  target: Target,
  settings: SshSettings,
  signal: AbortSignal,
): Promise<Result<ClientLink>> {
  const tunnel = await openTunnel(localUser, target, settings, signal);
  if (!tunnel.ok) return tunnel;
  const connection = await dial(settings, target.password, tunnel.value.stream, signal);
  if (connection.ok) {
    const { client } = connection.value;
    return ok({
      client,
      run: (command, options, onOpen) => runSession(settings, client, command, options, onOpen),
      close: () => connection.value.close().then(() => tunnel.value.close()),
    });
  }
  await tunnel.value.close();
  const said = tunnel.value.complaint();
  const [problem] = connection.problems;
  return said === ''
    ? connection
    : fail({ ...problem, detail: `${problem.detail} Message of the ProxyCommand: ${said}` });
}

function createSshHost(
  target: Target,
  settings: SshSettings,
  first: ClientLink,
  openAnother: (signal: AbortSignal) => Promise<Result<Link>>,
): Host {
  const pool = new SessionPool(settings, first, openAnother);
  const forwards = new Set<Forward>();
  return {
    name: target.name,
    address: target.address,
    user: settings.user,
    run: (command, options) => pool.run(command, options),
    forward: async (address, port) => {
      const opened = await openForward(settings, (signal) => openStream(first.client, address, port, signal));
      if (opened.ok) forwards.add(opened.value);
      return opened;
    },
    tryPort: (port, options) => tryPort(settings, port, options),
    tls: (request, options) =>
      speakTls(
        target.name,
        (hostname, port, signal) => openStream(first.client, hostname, port, signal),
        request,
        options,
      ),
    close: async () => {
      await Promise.all([...forwards].map((forward) => forward.close()));
      await pool.close();
    },
  };
}
