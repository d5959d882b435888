import type { Dispatcher } from 'undici';
import type { BackendConfig } from '../../schema/gateway-config.ts';
import type { Target } from './target.ts';

/** The way to one server. */
export interface Connection {
  readonly dispatcher: Dispatcher;
  readonly target: Target;
  readonly headers: Readonly<Record<string, string>>;
  /** Makes a dispatcher whose connection is new; its owner closes it. */
  readonly fresh: () => Dispatcher;
}

/** Sends a GET, or a POST if there is a body. It rejects where the connection fails or the signal ends it. */
export function request(
  { dispatcher, target, headers }: Omit<Connection, 'fresh'>,
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

/** The header with a server's key, if it has one. */
export function authorization({ apiKey }: Pick<BackendConfig, 'apiKey'>): Readonly<Record<string, string>> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey.reveal()}` };
}
