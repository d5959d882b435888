import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** An answer of the fake: a status, headers and a body. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** A request as the fake sees it. */
export interface Seen {
  /** Without the query. */
  readonly path: string;
  readonly query: string;
  readonly authorization: string;
  readonly key: string | undefined;
  readonly body: Record<string, unknown>;
  /** The backend that the request names. */
  readonly named: string | undefined;
}

/** A server on a free port of loopback. */
export interface FakeServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: Seen[];
}

export const KEY = `sk-${'a1'.repeat(32)}`;

/** Answers as hxllm's gateway does; `bend` may change or replace any answer (`'hang up'` closes the connection). */
export async function startFake(options: {
  readonly models: readonly string[];
  readonly backends: readonly string[];
  /** The body of `/health`; without it there is no such path. */
  readonly health?: object;
  readonly bend?: (seen: Seen, answer: Answer) => Answer | 'hang up' | 'say nothing';
  /** The time before each answer. */
  readonly delayMs?: number;
  /** Speaks TLS with this pair. */
  readonly tls?: { readonly cert: string; readonly key: string };
}): Promise<FakeServer> {
  const requests: Seen[] = [];
  let turn = 0;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const seen = await readRequest(request);
    if (options.delayMs !== undefined) await setTimeout(options.delayMs);
    requests.push(seen);
    const { backends } = options;
    // A named backend answers itself, as the gateway's do; the others take turns.
    const own = seen.named !== undefined && backends.includes(seen.named) ? seen.named : undefined;
    const good = answerOf(seen, options.models, own ?? backends[turn % backends.length], options.health);
    if (good.headers['x-hxllm-backend'] !== undefined) turn += 1;
    const answer = options.bend === undefined ? good : options.bend(seen, good);
    if (answer === 'hang up') request.socket.destroy();
    else if (answer !== 'say nothing') response.writeHead(answer.status, answer.headers).end(answer.body);
  };
  const { tls } = options;
  const listener = (request: IncomingMessage, response: ServerResponse): void => void handle(request, response);
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // The address of a listening TCP server is an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${String(port)}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** An answer with a JSON body. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

/** A web page, as a proxy or a wrong port sends it. */
export function page(status: number, title: string): Answer {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: `<!DOCTYPE html><html><head><title>${title}</title></head></html>`,
  };
}

function answerOf(
  seen: Seen,
  models: readonly string[],
  backend: string | undefined,
  health: object | undefined,
): Answer {
  if (seen.path === '/health/liveliness') return json(200, "I'm alive!");
  if (seen.key !== KEY) {
    const code = seen.key === undefined ? null : 'invalid_api_key';
    return json(401, { error: { message: 'No.', type: 'invalid_request_error', param: null, code } });
  }
  const named: Record<string, string> = backend === undefined ? {} : { 'x-hxllm-backend': backend };
  const { model } = seen.body;
  if (seen.path === '/health' && health !== undefined) return json(200, health);
  if (seen.path === '/v1/models')
    return json(200, {
      object: 'list',
      data: models.map((id) => ({ id, object: 'model', created: 1, owned_by: 'hxllm' })),
    });
  if (seen.path === '/v1/embeddings')
    return json(
      200,
      {
        object: 'list',
        model,
        data: [0, 1].map((index) => ({ object: 'embedding', index, embedding: [0.5, index] })),
        usage: { prompt_tokens: 4, total_tokens: 4 },
      },
      named,
    );
  if (seen.path !== '/v1/chat/completions')
    return json(404, {
      error: { message: `Invalid URL (${seen.path})`, type: 'invalid_request_error', param: null, code: null },
    });
  if (seen.body['stream'] === true)
    return {
      status: 200,
      headers: { 'content-type': 'text/event-stream; charset=utf-8', ...named },
      body: streamOf(model),
    };
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }];
  return json(
    200,
    {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model,
      choices,
      usage: { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 },
    },
    named,
  );
}

function streamOf(model: unknown): string {
  const chunk = (choices: unknown, usage: unknown = null): string =>
    `data: ${JSON.stringify({ id: 'chatcmpl-2', object: 'chat.completion.chunk', created: 1, model, choices, usage })}\n\n`;
  const delta = (part: unknown, finish: string | null = null): string =>
    chunk([{ index: 0, delta: part, finish_reason: finish }]);
  const text = ['One ', 'two'].map((content) => delta({ content })).join('');
  return `: keep-alive\n\n${delta({ role: 'assistant', content: '' })}${text}${delta({}, 'stop')}${chunk([], { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 })}data: [DONE]\n\n`;
}

async function readRequest(request: IncomingMessage): Promise<Seen> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  // Smoke sends only JSON objects.
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  const named = request.headers['x-hxllm-backend'];
  // As the gateway reads it: a header of another form holds no key.
  const key = /^Bearer +(\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  const authorization = request.headers.authorization ?? '';
  const { pathname: path, search: query } = new URL(request.url ?? '', 'http://h');
  return { path, query, authorization, key, body, named: typeof named === 'string' ? named : undefined };
}
