import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type Client } from 'ssh2';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import type { Secret } from '../../core/secret.ts';
import { authenticate } from './authentication.ts';
import { readHostKeys } from './host-key.ts';
import { gatherIdentities } from './identities.ts';
import type { SshSettings } from './settings.ts';
import { stopped, unreachable, type ConnectionError } from './unreachable.ts';

const KEEPALIVE_MS = 15_000;
const KEEPALIVES_MISSED_MAX = 3;

/** An open connection. */
export interface Connection {
  readonly client: Client;
  /** Closes the connection and waits for it. A connection that stays open is cut. */
  close(): Promise<void>;
}

const CLOSE_TIMEOUT_MS = 2000;

/** Opens one authenticated connection, through `stream` if a jump host or a command leads there. */
export async function dial(
  settings: SshSettings,
  password: Secret | undefined,
  stream: Duplex | undefined,
  signal: AbortSignal,
): Promise<Result<Connection>> {
  const [hostKeys, identities] = await Promise.all([readHostKeys(settings), gatherIdentities(settings, password)]);
  const authentication = authenticate(settings, identities);
  const client = new ssh2.Client();
  // A socket of our own can be destroyed at any time; ssh2 does not destroy one that it has begun to end.
  const socket = stream ?? connect({ host: settings.hostName, port: settings.port, noDelay: true });
  const closed = new Promise<void>((gone) => {
    client.once('close', gone);
  });
  // Errors may follow the end, and an error event without a listener would end the program.
  client.on('error', () => undefined);
  return new Promise((resolve) => {
    let [refused, greeted, settled]: [Problem | undefined, boolean, boolean] = [undefined, false, false];
    const settle = (result: Result<Connection>): void => {
      if (settled) return;
      settled = true;
      signal.removeEventListener('abort', abort);
      if (!result.ok) socket.destroy();
      resolve(result);
    };
    const abort = (): void => {
      settle(fail(stopped(settings.name)));
    };
    if (signal.aborted) return abort();
    // The tunnel may have closed while keys were read; then no further event comes.
    if (socket.destroyed) return settle(fail(unreachable(settings, new Error('the tunnel is closed'))));
    signal.addEventListener('abort', abort, { once: true });
    client.once('handshake', () => {
      greeted = true;
    });
    client.once('ready', () => {
      settle(ok({ client, close: () => closeConnection(client, socket, closed) }));
    });
    client.on('error', (error: ConnectionError) => {
      // An agent that refuses to sign is one failed attempt; the next ones follow.
      if (error.level === 'agent') return;
      if (error.level === 'client-authentication') settle(fail(authentication.problem()));
      // After the handshake, an error that is not a network error is the server's answer about authentication.
      else
        settle(
          fail(
            refused ??
              (greeted && error.level === undefined
                ? authentication.problem(error.message)
                : unreachable(settings, error)),
          ),
        );
    });
    client.once('close', () => {
      settle(
        fail(
          refused ??
            (greeted
              ? authentication.problem('nothing; it closed the connection')
              : unreachable(settings, new Error('the server closed the connection'))),
        ),
      );
    });
    client.connect({
      sock: socket,
      username: settings.user,
      algorithms: { serverHostKey: hostKeys.algorithms },
      hostVerifier: (key: Buffer): boolean => {
        refused = hostKeys.judge(key);
        return refused === undefined;
      },
      authHandler: authentication.handler,
      readyTimeout: settings.connectTimeoutMs,
      keepaliveInterval: KEEPALIVE_MS,
      keepaliveCountMax: KEEPALIVES_MISSED_MAX,
    });
  });
}

async function closeConnection(client: Client, socket: Duplex, closed: Promise<void>): Promise<void> {
  let force: NodeJS.Timeout | undefined;
  const cut = new Promise<void>((resolve) => {
    force = setTimeout(() => {
      socket.destroy();
      resolve();
    }, CLOSE_TIMEOUT_MS);
  });
  client.end();
  await Promise.race([closed, cut]);
  clearTimeout(force);
}
