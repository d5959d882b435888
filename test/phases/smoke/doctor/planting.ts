import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Diagnosis } from '../../../../src/phases/smoke/doctor/diagnosis.ts';
import { json, type Answer, type Seen } from '../fake-server.ts';

/** An address where nothing listens. */
export const CLOSED = { url: 'http://127.0.0.1:9', [Symbol.asyncDispose]: async () => undefined };
/** A unit that was stopped. */
export const STOPPED = { active: 'inactive', sub: 'dead' };

/** An error as the gateway sends it. */
export const refusal = (status: number, code: string, message: string): Answer =>
  json(status, { error: { message, type: 'api_error', param: null, code } });
/** Whether a request is a chat. */
export const isChat = ({ path }: Seen): boolean => path === '/v1/chat/completions';

/** A proxy that collects each answer and sends it in one piece. */
export async function buffering(url: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const proxy = createServer((request, response) => {
    void (async () => {
      const body: Buffer[] = [];
      for await (const chunk of request) body.push(chunk as Buffer);
      const sent = Buffer.concat(body);
      const { host: _host, connection: _connection, ...headers } = request.headers;
      const reply = await fetch(`${url}${request.url ?? ''}`, {
        method: request.method ?? 'GET',
        headers: headers as Record<string, string>,
        ...(sent.length === 0 ? {} : { body: sent }),
      });
      const text = await reply.text();
      const kept = [...reply.headers].filter(([name]) => name !== 'transfer-encoding' && name !== 'connection');
      response.writeHead(reply.status, { ...Object.fromEntries(kept), server: 'nginx/1.26' });
      response.end(text);
    })();
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo; // a TCP server that listens
  return {
    url: `http://127.0.0.1:${String(port)}`,
    [Symbol.asyncDispose]: async () => {
      proxy.closeAllConnections();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** A diagnosis as the message of a test. */
export function shown({ id, summary, evidence }: Diagnosis): string {
  return [id, summary, ...evidence].join('\n');
}
