import { Client } from 'undici';
import { errorCode } from '../../core/error.ts';
import type { Connection } from './connection.ts';
import { connector } from './connector.ts';
import type { Provider } from './provider.ts';

/**
 * The result of a probe. `up`: the server answers. `failing`: it answers with a status from 500. `broken`: it takes a connection and
 * closes it. `silent`: it takes a connection and does not answer in time. `unreachable`: no connection can be made.
 */
export type ProbeResult = 'up' | 'failing' | 'broken' | 'silent' | 'unreachable';

/** Time for a connection, and for an answer, ms. */
export const PROBE_MS = 2000;
/** Idle time after which the kernel asks whether the other side still has the connection, ms. */
const KEEP_ALIVE_MS = 5000;
/** The gateway itself has no socket left, which says nothing about a server. */
const OWN_CODES = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS']);

/**
 * Asks a server for something that costs it nothing, over a connection of its own: a pooled connection may be stale. `limitMs` 0 waits
 * for the answer until `ended`.
 */
export async function probe(
  { target, headers }: Pick<Connection, 'target' | 'headers'>,
  { probePath }: Pick<Provider, 'probePath'>,
  limitMs: number = PROBE_MS,
  ended?: AbortSignal,
): Promise<ProbeResult> {
  let accepted = false;
  const client = new Client(target.origin, {
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: connector(PROBE_MS, {
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      onAccepted: () => {
        accepted = true;
      },
    }),
  });
  // A timer, not AbortSignal.timeout(): the clock of the tests does not move that one.
  const late = new AbortController();
  const timer = limitMs === 0 ? undefined : setTimeout(() => late.abort(), limitMs).unref();
  const signal = ended === undefined ? late.signal : AbortSignal.any([late.signal, ended]);
  try {
    const answer = await client.request({ path: target.prefix + probePath, method: 'GET', headers, signal });
    answer.body.on('error', () => undefined);
    // Any status below 500 shows that the server is up, also a 401 for a key that may not list models.
    return answer.statusCode < 500 ? 'up' : 'failing';
  } catch (error) {
    if (OWN_CODES.has(errorCode(error))) return 'up';
    if (!accepted) return 'unreachable';
    // A TLS handshake may be what takes too long.
    return signal.aborted || errorCode(error) === 'UND_ERR_CONNECT_TIMEOUT' ? 'silent' : 'broken';
  } finally {
    clearTimeout(timer);
    await client.destroy();
  }
}
