import type { Connection } from './connection.ts';
import type { Provider } from './provider.ts';

const PROBE_MS = 2000;

/** Asks a server for something that costs it nothing. Returns the status of the response, `undefined` if none came in time. */
export async function probe(
  { dispatcher, target, headers }: Connection,
  { probePath }: Pick<Provider, 'probePath'>,
): Promise<number | undefined> {
  const path = target.prefix + probePath;
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
  }, PROBE_MS).unref();
  try {
    const answer = await dispatcher.request({
      origin: target.origin,
      path,
      method: 'GET',
      headers,
      signal: late.signal,
    });
    await answer.body.dump();
    return answer.statusCode;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
