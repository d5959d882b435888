import type { Socket } from 'node:net';
import type { CallOptions, PortTrial } from '../../core/host.ts';
import type { SshSettings } from './settings.ts';
import { openSocket } from './socket.ts';
import { within } from '../wait.ts';

/** Errors by which a router or a firewall says no: ICMP administratively prohibited, host or network unreachable. */
const PROHIBITED: ReadonlySet<string> = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EACCES', 'EPERM', 'EHOSTDOWN']);

/** Connects to a port of the host as the SSH connection did: by its name, address family and local address. */
export async function tryPort(settings: SshSettings, port: number, options: CallOptions): Promise<PortTrial> {
  const { proxyJump, proxyCommand, hostName } = settings;
  if (proxyJump !== undefined) return { state: 'indirect', why: `SSH goes through ${proxyJump}` };
  if (proxyCommand !== undefined) return { state: 'indirect', why: 'SSH goes through a ProxyCommand' };
  if (/^(?:localhost$|127\.|::1$)/.test(hostName))
    return { state: 'indirect', why: `SSH goes through ${hostName}, a port of this machine` };
  const opened = await openSocket({ ...settings, port }, options.signal);
  if (opened.state !== 'done') return { state: 'indirect', why: 'the trial was given up' };
  if (opened.value instanceof Error) return { state: 'indirect', why: opened.value.message };
  return ended(opened.value, options);
}

async function ended(socket: Socket, { signal, timeoutMs }: CallOptions): Promise<PortTrial> {
  let address = '';
  socket.on('connectionAttempt', (ip: string) => {
    address = ip;
  });
  const end = new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    socket.once('connect', () => {
      resolve(undefined);
    });
    socket.once('error', resolve);
  });
  const waited = await within(end, timeoutMs, signal);
  socket.destroy();
  if (waited.state === 'aborted') return { state: 'indirect', why: 'the trial was interrupted' };
  if (waited.state === 'late')
    return { state: 'silent', address, detail: `no answer within ${String(timeoutMs / 1000)} s` };
  if (waited.value === undefined) return { state: 'open', address, detail: 'connected' };
  return failedTrial(waited.value, address);
}

// With several addresses, the error of Node has those of all of them.
function failedTrial(error: NodeJS.ErrnoException, address: string): PortTrial {
  const each: readonly NodeJS.ErrnoException[] = error instanceof AggregateError ? error.errors : [error];
  const codes = each.map(({ code }) => code ?? error.message);
  const detail = [...new Set(codes)].join(', ');
  if (codes.includes('ECONNREFUSED')) return { state: 'refused', address, detail };
  if (codes.some((code) => PROHIBITED.has(code))) return { state: 'prohibited', address, detail };
  return { state: 'silent', address, detail };
}
