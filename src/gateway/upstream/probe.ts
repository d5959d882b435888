import { request, type Connection } from './connection.ts';
import type { Provider } from './provider.ts';

const PROBE_MS = 2000;

/** Asks a server for something that costs it nothing. Returns the status of the response, `undefined` if none came in time. */
export async function probe(
  connection: Connection,
  { probePath }: Pick<Provider, 'probePath'>,
): Promise<number | undefined> {
  // A timer, not AbortSignal.timeout(): the clock of the tests does not move that one.
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
  }, PROBE_MS).unref();
  try {
    const answer = await request(connection, probePath, undefined, late.signal);
    await answer.body.dump();
    return answer.statusCode;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
