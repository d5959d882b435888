import { lookup } from 'node:dns';
import { connect, type Socket } from 'node:net';
import type { SshSettings } from './settings.ts';
import { within, type Waited } from '../wait.ts';

/** Longer than the resolver itself tries with one name server (resolv.conf(5): 2 × 5 s). */
const RESOLVE_TIMEOUT_MS = 15_000;

/**
 * Starts a TCP connection, by `AddressFamily` and from `BindAddress`. Waits for the addresses only; an error of the connection comes
 * as an event. The addresses share the connect timeout: Node gives up on each after 250 ms otherwise, which is less than some hosts take.
 */
export async function openSocket(settings: SshSettings, signal: AbortSignal): Promise<Waited<Socket | Error>> {
  const { hostName, port, family, bindAddress, connectTimeoutMs } = settings;
  const resolving = new Promise<readonly { readonly address: string; readonly family: number }[] | Error>((resolve) => {
    lookup(hostName, { all: true, family }, (error, addresses) => {
      resolve(error ?? addresses);
    });
  });
  const resolved = await within(resolving, RESOLVE_TIMEOUT_MS, signal);
  if (resolved.state !== 'done') return resolved;
  const addresses = resolved.value;
  if (addresses instanceof Error) return { state: 'done', value: addresses };
  const socket = connect({
    host: hostName,
    port,
    noDelay: true,
    ...(bindAddress === undefined ? {} : { localAddress: bindAddress }),
    lookup: (_name, _options, callback) => {
      callback(null, [...addresses]);
    },
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: Math.max(250, Math.floor(connectTimeoutMs / addresses.length)),
  });
  // The error may come before the caller listens.
  socket.on('error', () => undefined);
  return { state: 'done', value: socket };
}
