import { errorCode, errorMessage } from '../../core/error.ts';
import type { Server } from 'node:http';
import { createServer, type AddressInfo, type Server as NetServer } from 'node:net';
import type { Problem, Result } from '../../core/problem.ts';
import type { ListenAddress } from '../../schema/gateway-config.ts';

const FIRST_FD = 3;

/**
 * Length of the accept queue; the kernel's default limit (net.core.somaxconn). A second listen() on a passed socket, as Node does
 * it, would set 511.
 */
const BACKLOG = 4096;

/** Where to listen: on sockets that systemd has opened, or on an address. */
export type Listening =
  | { readonly kind: 'passed'; readonly fds: readonly number[] }
  | { readonly kind: 'address'; readonly address: ListenAddress };

/**
 * The sockets that systemd passed to this process (sd_listen_fds(3)); none if it passed none, or passed them to another process.
 */
export function passedSockets(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): readonly number[] {
  const count = Number(environment['LISTEN_FDS'] ?? 0);
  if (environment['LISTEN_PID'] !== String(pid) || !Number.isSafeInteger(count) || count < 1) return [];
  return Array.from({ length: count }, (_, index) => FIRST_FD + index);
}

/** The sockets of a server, once it listens. */
export interface Listened {
  readonly addresses: readonly ListenAddress[];
  /** Servers that listen on the sockets and hand their connections on; closing them stops new connections. */
  readonly listeners: readonly NetServer[];
}

/** Starts to listen. `openTls` makes a server with TLS that hands its connections on; without it the connections are plain. */
export async function listen(
  server: Server,
  listening: Listening,
  openTls?: () => NetServer,
): Promise<Result<Listened>> {
  const addresses: ListenAddress[] = [];
  const listeners: NetServer[] = [];
  try {
    // An http.Server that does not listen itself would not look for requests that take too long.
    if (openTls !== undefined) server.emit('listening');
    if (listening.kind === 'address') {
      const door = openTls?.() ?? server;
      addresses.push(await begin(door, listening.address));
      return { ok: true, value: { addresses, listeners: door === server ? [] : [door] } };
    }
    for (const [index, fd] of listening.fds.entries()) {
      // An http.Server listens on one socket; connections of the others are handed to it.
      const door =
        openTls?.() ??
        (index === 0
          ? server
          : createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket)));
      addresses.push(await begin(door, { fd }));
      if (door !== server) listeners.push(door);
    }
    return { ok: true, value: { addresses, listeners } };
  } catch (error) {
    return { ok: false, problems: [problemOf(error, listening)] };
  }
}

async function begin(server: NetServer, at: ListenAddress | { readonly fd: number }): Promise<ListenAddress> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const begun = (): void => {
      server.off('error', reject);
      resolve();
    };
    if ('fd' in at) server.listen(at, BACKLOG, begun);
    else server.listen({ ...at, backlog: BACKLOG }, begun);
  });
  const address = server.address();
  // Only this machine reaches a Unix socket.
  return isInternet(address) ? { host: address.address, port: address.port } : { host: 'localhost', port: 0 };
}

function isInternet(address: ReturnType<NetServer['address']>): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

const WHY: Readonly<
  Record<string, { readonly code: string; readonly found: string; readonly fix: (port: string) => string }>
> = {
  EADDRINUSE: {
    code: 'config.port-in-use',
    found: 'another program listens there',
    fix: (port) => `ss -ltnp 'sport = :${port}' shows which; end it, or choose another port with --port`,
  },
  EACCES: {
    code: 'config.port-not-permitted',
    found: 'that this user may not open it (below 1024 only root may)',
    fix: () => 'choose a port from 1024 up with --port',
  },
  EADDRNOTAVAIL: {
    code: 'config.address-not-here',
    found: 'that this machine does not have the address',
    fix: () => 'ip -brief address shows which it has; choose one with --host',
  },
  ENOTFOUND: {
    code: 'config.address-not-here',
    found: 'that the name does not resolve',
    fix: () => 'choose an address of this machine with --host',
  },
};

function problemOf(error: unknown, listening: Listening): Problem {
  const where = listening.kind === 'passed' ? 'the sockets that systemd passed' : addressText(listening.address);
  const why = WHY[errorCode(error)];
  const port = listening.kind === 'passed' ? '' : String(listening.address.port);
  return {
    code: why?.code ?? 'config.cannot-listen',
    summary: `cannot listen on ${where}`,
    detail: `Expected to listen on ${where}, found ${why?.found ?? errorMessage(error)}.`,
    fix: why?.fix(port) ?? 'choose another address with --host and --port',
  };
}

/** An address as it stands in a URL. */
export function addressText({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}
