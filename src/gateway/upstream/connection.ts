import type { Dispatcher } from 'undici';
import type { Target } from './target.ts';

/** The way to one server. */
export interface Connection {
  readonly dispatcher: Dispatcher;
  readonly target: Target;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends a GET, or a POST if there is a body. It rejects where the connection fails or the signal ends it. */
export function request(
  { dispatcher, target, headers }: Connection,
  path: string,
  body: string | undefined,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const about = { origin: target.origin, path: target.prefix + path, signal };
  return body === undefined
    ? dispatcher.request({ ...about, method: 'GET', headers })
    : dispatcher.request({
        ...about,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
}
