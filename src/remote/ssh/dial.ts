import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import type { Secret } from '../../core/secret.ts';
import { attemptOn } from './attempt.ts';
import { authenticate, type Authentication } from './authentication.ts';
import { readHostKeys, type HostKeys } from './host-key.ts';
import { gatherIdentities } from './identities.ts';
import type { SshSettings } from './settings.ts';
import { openSocket } from './socket.ts';
import { slowFiles, stopped, unreachable, unresolved, type ConnectionError } from './unreachable.ts';
import { within } from '../wait.ts';

const KEEPALIVE_MS = 15_000;
const KEEPALIVES_MISSED_MAX = 3;

/** An open connection. */
export interface Connection {
  readonly client: Client;
  /** Closes the connection and waits for it. A connection that stays open is cut. */
  close(): Promise<void>;
}

/** Less than a second in all: Ctrl-C waits for it. */
const CLOSE_TIMEOUT_MS = 400;

/** Keys and known_hosts may lie on a network file system; the agent's own limit is shorter. */
const GATHER_TIMEOUT_MS = 15_000;

/** As sshd's LoginGraceTime: a login may wait for a directory server, PAM or the touch of a key. */
const LOGIN_TIMEOUT_MS = 120_000;

/**
 * Opens one authenticated connection, through `stream` if a jump host or a command leads there. The connect timeout is over with the
 * key exchange, as in OpenSSH; the login has a limit of its own.
 */
export async function dial(
  settings: SshSettings,
  password: Secret | undefined,
  stream: Duplex | undefined,
  signal: AbortSignal,
  loginTimeoutMs = LOGIN_TIMEOUT_MS,
): Promise<Result<Connection>> {
  const gathering = Promise.all([readHostKeys(settings, signal), gatherIdentities(settings, password, signal)]);
  const gathered = await within(gathering, GATHER_TIMEOUT_MS, signal);
  if (gathered.state === 'aborted') return fail(stopped(settings.name));
  if (gathered.state === 'late') return fail(slowFiles(settings));
  const [hostKeys, identities] = gathered.value;
  // A socket of our own can be destroyed at any time; ssh2 does not destroy one that it has begun to end.
  const opened = stream === undefined ? await openSocket(settings, signal) : { state: 'done' as const, value: stream };
  if (opened.state === 'aborted') return fail(stopped(settings.name));
  if (opened.state === 'late') return fail(unresolved(settings));
  if (opened.value instanceof Error) return fail(unreachable(settings, opened.value));
  return greet(settings, hostKeys, authenticate(settings, identities), opened.value, signal, loginTimeoutMs);
}

async function greet(
  settings: SshSettings,
  hostKeys: HostKeys,
  authentication: Authentication,
  socket: Duplex,
  signal: AbortSignal,
  loginTimeoutMs: number,
): Promise<Result<Connection>> {
  const greeted = await attemptOn<Connection>(settings, socket, signal, ({ client, settle, limit }) => {
    const closed = new Promise<void>((gone) => {
      client.once('close', gone);
    });
    let [refused, hasGreeted]: [Problem | undefined, boolean] = [undefined, false];
    const failed = (said: string): void => {
      settle(fail(refused ?? authentication.problem(said)));
    };
    client.once('handshake', () => {
      hasGreeted = true;
      limit(loginTimeoutMs, () => authentication.late(loginTimeoutMs));
    });
    client.on('banner', (text) => {
      authentication.heard(text);
    });
    client.once('change password', () => {
      failed('the password has expired and must be changed');
    });
    client.once('ready', () => {
      settle(ok({ client, close: () => closeConnection(client, socket, closed) }));
    });
    client.on('error', (error: ConnectionError) => {
      // An agent that refuses to sign is one failed attempt; the next ones follow.
      if (error.level === 'agent') return;
      if (error.level === 'client-authentication') settle(fail(authentication.problem()));
      // After the handshake, an error that is not a network error is the server's answer about authentication.
      else if (hasGreeted && error.level === undefined) failed(error.message);
      else settle(fail(refused ?? unreachable(settings, error)));
    });
    client.once('close', () => {
      if (hasGreeted) failed('nothing; it closed the connection');
      else settle(fail(refused ?? unreachable(settings, new Error('the server closed the connection'))));
    });
    client.connect({
      sock: socket,
      username: settings.user,
      algorithms: { serverHostKey: hostKeys.algorithms },
      hostVerifier: (key: Buffer, verify: (accepted: boolean) => void): void => {
        void hostKeys.judge(key, signal).then((problem) => {
          refused = problem;
          verify(problem === undefined);
        });
      },
      authHandler: authentication.handler,
      readyTimeout: 0,
      keepaliveInterval: KEEPALIVE_MS,
      keepaliveCountMax: KEEPALIVES_MISSED_MAX,
    });
  });
  if (!greeted.ok) socket.destroy();
  return greeted;
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
