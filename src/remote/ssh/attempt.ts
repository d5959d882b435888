import type { Duplex } from 'node:stream';
import ssh2, { type Client } from 'ssh2';
import { fail, type Problem, type Result } from '../../core/problem.ts';
import type { SshSettings } from './settings.ts';
import { silent, stopped, unreachable } from './unreachable.ts';

/** A conversation with a server that ends once, with a result. */
export interface Attempt<T> {
  readonly client: Client;
  /** Ends it; only the first call counts. */
  readonly settle: (result: Result<T>) => void;
  /** Replaces its time limit, which is the connect timeout at first. */
  readonly limit: (ms: number, late: () => Problem) => void;
}

/**
 * Talks to a server on an open socket until the attempt is settled, its time is over, or the signal aborts. `begin` listens to the client and
 * connects it; it is not called on a socket that has closed meanwhile. The socket stays open.
 */
export function attemptOn<T>(
  settings: SshSettings,
  socket: Duplex,
  signal: AbortSignal,
  begin: (attempt: Attempt<T>) => void,
): Promise<Result<T>> {
  const client = new ssh2.Client();
  // Errors may follow the end, and an error event without a listener would end the program.
  client.on('error', () => undefined);
  return new Promise((resolve) => {
    let [timer, isSettled]: [NodeJS.Timeout | undefined, boolean] = [undefined, false];
    const settle = (result: Result<T>): void => {
      isSettled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(result);
    };
    const abort = (): void => {
      settle(fail(stopped(settings.name)));
    };
    const limit = (ms: number, late: () => Problem): void => {
      clearTimeout(timer);
      // A handshake may come after the end; its limit would keep the program alive.
      if (isSettled) return;
      timer = setTimeout(() => {
        settle(fail(late()));
      }, ms);
    };
    if (signal.aborted) return abort();
    // The tunnel may have closed while keys were read; then no further event comes.
    if (socket.destroyed)
      return settle(fail(unreachable(settings, socket.errored ?? new Error('the tunnel is closed'))));
    signal.addEventListener('abort', abort, { once: true });
    limit(settings.connectTimeoutMs, () => silent(settings, socket));
    begin({ client, settle, limit });
    return undefined;
  });
}
