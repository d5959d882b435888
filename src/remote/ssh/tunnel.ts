import { spawn } from 'node:child_process';
import { kill } from 'node:process';
import { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { Target } from '../../core/host.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { childEnvironment, type LocalUser } from '../local-user.ts';
import { dial, type Connection } from './dial.ts';
import { resolveSettings, type SshSettings } from './settings.ts';
import { stopped } from './unreachable.ts';
import { within } from '../wait.ts';

/** The way to a host that is not reached directly. Closing it closes all its connections. */
export interface Tunnel {
  readonly stream: Duplex | undefined;
  /** Opens another stream through the same jump hosts; left out without them. */
  readonly another?: () => Promise<Duplex | Error>;
  /** The stderr of the ProxyCommand, complete after closing; empty without one. */
  complaint(): string;
  close(): Promise<void>;
}

const CLOSE_TIMEOUT_MS = 400;

const NEVER = new AbortController().signal;

const DIRECT: Tunnel = { stream: undefined, complaint: () => '', close: () => Promise.resolve() };

/** Opens the tunnel of ProxyJump or ProxyCommand. Without them the connection is direct. */
export async function openTunnel(
  localUser: LocalUser,
  target: Target,
  settings: SshSettings,
  signal: AbortSignal,
): Promise<Result<Tunnel>> {
  if (settings.proxyCommand !== undefined) return ok(tunnelThroughCommand(localUser, settings.proxyCommand));
  if (settings.proxyJump === undefined) return ok(DIRECT);
  return tunnelThroughHosts(localUser, target, settings, settings.proxyJump.split(','), signal);
}

function tunnelThroughCommand(localUser: LocalUser, command: string): Tunnel {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], {
    detached: true,
    env: childEnvironment(localUser.environment),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-400);
  });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
  });
  const send = (name: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) kill(-child.pid, name);
    } catch {
      // The process has ended already.
    }
  };
  const close = async (): Promise<void> => {
    send('SIGTERM');
    if ((await within(ended, CLOSE_TIMEOUT_MS, NEVER)).state === 'done') return;
    send('SIGKILL');
    // A process outside the group may hold the pipes, which would keep this one running.
    for (const pipe of child.stdio) pipe?.destroy();
  };
  return {
    stream: Duplex.from({ readable: child.stdout, writable: child.stdin }).on('error', () => undefined),
    complaint: () => said.trim(),
    close,
  };
}

// Each hop is a host of its own: its host key is verified and its own ssh_config applies; the target's arguments do
// not.
async function tunnelThroughHosts(
  localUser: LocalUser,
  target: Target,
  settings: SshSettings,
  hops: readonly string[],
  signal: AbortSignal,
): Promise<Result<Tunnel>> {
  const connections: Connection[] = [];
  const close = async (): Promise<void> => {
    // All at once: the inner connections break with the outer one, and each close has its own limit.
    await Promise.all(connections.toReversed().map((connection) => connection.close()));
  };
  const give = async (problem: Problem): Promise<Result<Tunnel>> => {
    await close();
    return fail(problem);
  };
  let stream: Duplex | undefined;
  const resolved: SshSettings[] = [];
  for (const hop of hops) {
    const hopSettings = await resolveSettings(localUser, targetOf(hop, target, 'none'), signal);
    if (!hopSettings.ok) return hopSettings;
    resolved.push(hopSettings.value);
  }
  for (const [index, hop] of resolved.entries()) {
    const connection = await dial(hop, undefined, stream, signal);
    if (!connection.ok) return give(connection.problems[0]);
    connections.push(connection.value);
    const next = resolved[index + 1] ?? settings;
    const opened = await within(openStream(connection.value.client, next), settings.connectTimeoutMs, signal);
    if (opened.state === 'aborted') return give(stopped(settings.name));
    const limit = `no answer within ${String(settings.connectTimeoutMs / 1000)} s`;
    const reached = opened.state === 'late' ? new Error(limit) : opened.value;
    if (reached instanceof Error) return give(blocked(settings, hop, next, reached));
    stream = reached;
  }
  const last = connections.at(-1);
  return ok({
    stream,
    ...(last === undefined ? {} : { another: () => openStream(last.client, settings) }),
    complaint: () => '',
    close,
  });
}

/** The jump hosts on the way to a target, the nearest first, each with those before it as its own way. */
export function jumpTargets(target: Target, { proxyCommand, proxyJump }: SshSettings): readonly Target[] {
  if (proxyCommand !== undefined || proxyJump === undefined) return [];
  const hops = proxyJump.split(',');
  return hops.map((hop, index) => ({
    ...targetOf(hop, target, index === 0 ? 'none' : hops.slice(0, index).join(',')),
    name: hop,
  }));
}

function targetOf(hop: string, target: Target, way: string): Target {
  const [, user, address = hop, port] = /^(?:ssh:\/\/)?(?:([^@]+)@)?(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(hop) ?? [];
  const bare = address.replace(/^\[(.*)\]$/, '$1');
  return {
    ...target,
    name: `${target.name} (through ${hop})`,
    address: bare,
    user,
    port: port === undefined ? undefined : Number(port),
    sshArguments: ['-o', `ProxyJump=${way}`, ...filesOf(target.sshArguments)],
    password: undefined,
  };
}

// The ssh_config and known_hosts files belong to the user, not to the target: each hop uses them too.
function filesOf(argv: readonly string[]): readonly string[] {
  return argv.flatMap((word, index) =>
    word === '-F' || (word === '-o' && /^(?:User|Global)KnownHostsFile/i.test(argv[index + 1] ?? ''))
      ? [word, argv[index + 1] ?? '']
      : /^-F.|^-o(?:User|Global)KnownHostsFile/i.test(word)
        ? [word]
        : [],
  );
}

function openStream(
  client: Client,
  { hostName, port }: { readonly hostName: string; readonly port: number },
): Promise<Duplex | Error> {
  return new Promise((resolve) => {
    client.forwardOut('127.0.0.1', 0, hostName, port, (error, channel) => {
      resolve(error ?? channel.on('error', () => undefined));
    });
  });
}

/** The Problem of a jump host that does not reach the next host. */
export function blocked(
  settings: SshSettings,
  hop: SshSettings,
  next: { readonly hostName: string; readonly port: number },
  error: Error,
): Problem {
  return {
    code: 'host.unreachable',
    summary: `${settings.name}: ${hop.hostName} cannot reach the next host`,
    detail: `Expected a connection from ${hop.hostName} to ${next.hostName} port ${String(next.port)}, found: ${error.message}.`,
    fix: `${hop.command} getent ahosts ${next.hostName}`,
    where: { host: settings.name },
  };
}
