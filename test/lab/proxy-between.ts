import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { GATEWAY } from './client.ts';

/** The habit of a proxy with streams of events: it passes them on, holds them back until they are whole, or cuts them off. */
export type ProxyHabit = 'pass' | 'buffer' | 'cut';

/** Bytes of a stream that pass before it is cut. */
const CUT_BYTES = 1500;

/** A proxy on the gateway's port of this machine's loopback, in front of the gateway of the lab. */
export async function startProxy(
  habit: ProxyHabit,
  tls?: { readonly cert: string; readonly key: string },
): Promise<AsyncDisposable> {
  const listener: RequestListener = (asked, answer) => {
    const { host: _host, connection: _connection, ...headers } = asked.headers;
    const upstream = request(`${GATEWAY}${asked.url ?? '/'}`, { method: asked.method ?? 'GET', headers }, (reply) => {
      void answerAs(habit, reply, answer);
    });
    upstream.on('error', () => answer.destroy());
    answer.on('close', () => upstream.destroy());
    asked.pipe(upstream);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on('tlsClientError', () => undefined);
  server.listen(Number(new URL(GATEWAY).port), '127.0.0.1');
  await once(server, 'listening');
  return {
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function answerAs(habit: ProxyHabit, reply: IncomingMessage, answer: ServerResponse): Promise<void> {
  const isStream = reply.headers['content-type']?.startsWith('text/event-stream') === true;
  const { 'transfer-encoding': _encoding, connection: _connection, ...headers } = reply.headers;
  const head = (): void => void answer.writeHead(reply.statusCode ?? 502, { ...headers, via: '1.1 proxy' });
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  try {
    if (!isStream || habit !== 'buffer') head();
    for await (const part of reply as AsyncIterable<Buffer>) {
      sizeBytes += part.byteLength;
      if (isStream && habit === 'buffer') parts.push(part);
      else answer.write(part);
      if (isStream && habit === 'cut' && sizeBytes > CUT_BYTES) break;
    }
    if (isStream && habit === 'buffer') head();
    answer.end(Buffer.concat(parts));
  } catch {
    answer.destroy();
  }
}
