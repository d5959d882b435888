import type { Duplex } from 'node:stream';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import type { Target } from '../../core/host.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import type { LocalUser } from '../local-user.ts';
import { attemptOn } from './attempt.ts';
import { algorithmsOf, missingKnownKey, readHostKeys, typesOfAlgorithms, type ExaminedKey } from './host-key.ts';
import { OfferedAlgorithms } from './kexinit.ts';
import { knownNames } from './known-hosts.ts';
import { resolveSettings, type SshSettings } from './settings.ts';
import { openSocket } from './socket.ts';
import { openTunnel, type Tunnel } from './tunnel.ts';
import { stopped, unreachable, unresolved, type ConnectionError } from './unreachable.ts';

/** The host keys of a server, and what known_hosts says about each. */
export interface HostKeyScan {
  /** The name of its entries in known_hosts: `[host]:port` unless the port is 22. */
  readonly knownAs: string;
  /** The file that new keys are added to; undefined if `UserKnownHostsFile` is `none`. */
  readonly file: string | undefined;
  /** `HashKnownHosts`. */
  readonly hash: boolean;
  readonly keys: readonly ExaminedKey[];
  /** Algorithms of the server whose keys hxllm cannot read: certificates, FIDO, DSA. */
  readonly unread: readonly string[];
  /** A changed or revoked key, or a known key that the server does not show. */
  readonly problem: Problem | undefined;
}

/**
 * Asks a server for each of its host keys, one connection for each type that it offers. The server proves each key by its signature.
 * No login is tried there; jump hosts on the way are logged in to.
 */
export async function scanHostKeys(
  localUser: LocalUser,
  target: Target,
  signal: AbortSignal,
): Promise<Result<HostKeyScan>> {
  const resolved = await resolveSettings(localUser, target, signal);
  if (signal.aborted) return fail(stopped(target.name));
  if (!resolved.ok) return resolved;
  const settings = resolved.value;
  const hostKeys = await readHostKeys(settings, signal);
  const scan = await shownKeys(localUser, target, settings, hostKeys.algorithms, signal);
  if (!scan.ok) return scan;
  const { shown, offered } = scan.value;
  const keys: ExaminedKey[] = [];
  for (const key of shown) keys.push(await hostKeys.examine(key, signal));
  const bad = keys.find(({ state }) => state === 'changed' || state === 'revoked');
  const missing = keys.some(({ state }) => state === 'known') ? undefined : missingKnownKey(settings, hostKeys);
  const [knownAs = ''] = knownNames(settings.hostName, settings.port, settings.hostKeyAlias);
  return ok({
    knownAs,
    file: settings.newKeysFile,
    hash: settings.hashKnownHosts,
    keys,
    unread: offered.filter((algorithm) => algorithm !== 'ssh-rsa' && typesOfAlgorithms([algorithm]).length === 0),
    problem: bad?.problem ?? missing,
  });
}

interface Shown {
  readonly shown: readonly Buffer[];
  readonly offered: readonly string[];
}

async function shownKeys(
  localUser: LocalUser,
  target: Target,
  settings: SshSettings,
  algorithms: readonly ServerHostKeyAlgorithm[],
  signal: AbortSignal,
): Promise<Result<Shown>> {
  let tunnel = await openTunnel(localUser, target, settings, signal);
  if (!tunnel.ok) return tunnel;
  try {
    const first = await askKey(settings, tunnel.value, tunnel.value.stream, algorithms, signal);
    if (!first.ok) return withComplaint(first.problems[0], tunnel.value);
    const { key, offered } = first.value;
    const shown = [key];
    for (const type of typesOfAlgorithms(offered)) {
      const wanted = algorithmsOf(type).filter((algorithm) => offered.includes(algorithm));
      if (wanted.includes(first.value.algorithm)) continue;
      let stream = await tunnel.value.another?.();
      if (stream === undefined && tunnel.value.stream !== undefined) {
        await tunnel.value.close();
        tunnel = await openTunnel(localUser, target, settings, signal);
        if (!tunnel.ok) return tunnel;
        ({ stream } = tunnel.value);
      }
      const next = await askKey(settings, tunnel.value, stream, wanted, signal);
      if (!next.ok) return withComplaint(next.problems[0], tunnel.value);
      shown.push(next.value.key);
    }
    return ok({ shown, offered });
  } finally {
    if (tunnel.ok) await tunnel.value.close();
  }
}

async function withComplaint(problem: Problem, tunnel: Tunnel): Promise<Result<never>> {
  await tunnel.close();
  const said = tunnel.complaint();
  return fail(said === '' ? problem : { ...problem, detail: `${problem.detail} Message of the ProxyCommand: ${said}` });
}

interface Asked {
  readonly key: Buffer;
  readonly algorithm: ServerHostKeyAlgorithm;
  readonly offered: readonly string[];
}

async function askKey(
  settings: SshSettings,
  tunnel: Tunnel,
  stream: Duplex | Error | undefined,
  algorithms: readonly ServerHostKeyAlgorithm[],
  signal: AbortSignal,
): Promise<Result<Asked>> {
  if (stream instanceof Error) return fail(unreachable(settings, stream));
  const opened = stream === undefined ? await openSocket(settings, signal) : { state: 'done' as const, value: stream };
  if (opened.state === 'aborted') return fail(stopped(settings.name));
  if (opened.state === 'late') return fail(unresolved(settings));
  if (opened.value instanceof Error) return fail(unreachable(settings, opened.value));
  const asked = await exchange(settings, opened.value, algorithms, signal);
  // The stream of a ProxyCommand ends with its process, which the tunnel closes.
  if (tunnel.stream !== opened.value || tunnel.another !== undefined) opened.value.destroy();
  return asked;
}

function exchange(
  settings: SshSettings,
  socket: Duplex,
  algorithms: readonly ServerHostKeyAlgorithm[],
  signal: AbortSignal,
): Promise<Result<Asked>> {
  const offered = new OfferedAlgorithms();
  return attemptOn(settings, socket, signal, ({ client, settle }) => {
    let key: Buffer | undefined;
    socket.on('data', (chunk: Buffer) => {
      offered.read(chunk);
    });
    // After the server's signature was verified, and before anything about a login is sent.
    client.once('handshake', ({ serverHostKey }) => {
      if (key !== undefined) settle(ok({ key, algorithm: serverHostKey, offered: offered.hostKeys }));
    });
    client.on('error', (error: ConnectionError) => {
      settle(fail(unreachable(settings, error)));
    });
    client.once('close', () => {
      settle(fail(unreachable(settings, new Error('the server closed the connection'))));
    });
    client.connect({
      sock: socket,
      username: settings.user,
      algorithms: { serverHostKey: [...algorithms] },
      hostVerifier: (shown: Buffer) => {
        key = shown;
        return true;
      },
      // ssh2 takes `false` as the end of the list (its README, authHandler), which its types do not allow.
      authHandler: (_left, _partly, next) => next(false as unknown as 'none'),
      readyTimeout: 0,
    });
  });
}
