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

/** The pace of streams. */
export interface Pace {
  readonly everyMs: number;
  readonly held?: true;
  /** A pause before one block: the sixth, or `pauseAt`, from 0. */
  readonly pauseMs?: number;
  readonly pauseAt?: number;
}

const COUNTED = Array.from({ length: 50 }, (_, index) => String(index + 1)).join(' ');

export const KEY = `sk-${'a1'.repeat(32)}`;

/** Answers as hxllm's gateway does; `bend` may change or replace any answer (`'hang up'` closes the connection). */
export async function startFake(options: {
  readonly models: readonly string[];
  readonly backends: readonly string[];
  /** The body of `/health`, or a function of the streams that are open and were ever opened; without it there is no such path. */
  readonly health?: object | ((open: number, opened: number) => object);
  readonly bend?: (seen: Seen, answer: Answer) => Answer | 'hang up' | 'say nothing';
  /** Is told how many streams are open, whenever one begins or ends. */
  readonly seeOpen?: (open: number) => void;
  /** Writes streams block by block with this pause; `held`: all of it at the end, as a proxy that buffers. */
  readonly pace?: Pace | ((seen: Seen) => Pace | undefined);
  /** The time before each answer. */
  readonly delayMs?: number;
  /** Speaks TLS with this pair. */
  readonly tls?: { readonly cert: string; readonly key: string };
}): Promise<FakeServer> {
  const requests: Seen[] = [];
  let turn = 0;
  let open = 0;
  let opened = 0;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const seen = await readRequest(request);
    if (options.delayMs !== undefined) await setTimeout(options.delayMs);
    requests.push(seen);
    const { backends } = options;
    // A named backend answers itself, as the gateway's do; the others take turns.
    const own = seen.named !== undefined && backends.includes(seen.named) ? seen.named : undefined;
    const health = typeof options.health === 'function' ? (options.health(open, opened) as object) : options.health;
    const good = answerOf(seen, options.models, own ?? backends[turn % backends.length], health);
    if (seen.body['stream'] === true) {
      open += 1;
      opened += 1;
      options.seeOpen?.(open);
      response.once('close', () => {
        open -= 1;
        options.seeOpen?.(open);
      });
    }
    if (good.headers['x-hxllm-backend'] !== undefined) turn += 1;
    const answer = options.bend === undefined ? good : options.bend(seen, good);
    if (answer === 'hang up') request.socket.destroy();
    else if (answer !== 'say nothing') await send(response, answer, paceOf(seen, options.pace));
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

function paceOf(seen: Seen, pace: Pace | ((seen: Seen) => Pace | undefined) | undefined): Pace | undefined {
  if (seen.body['stream'] !== true) return undefined;
  return typeof pace === 'function' ? pace(seen) : pace;
}

async function send(response: ServerResponse, { status, headers, body }: Answer, pace?: Pace): Promise<void> {
  response.writeHead(status, headers);
  if (pace === undefined) return void response.end(body);
  response.flushHeaders();
  const blocks = body.split(/(?<=\n\n)/);
  for (const [number, block] of blocks.entries()) {
    await setTimeout(pace.everyMs + (number === (pace.pauseAt ?? 5) ? (pace.pauseMs ?? 0) : 0));
    if (response.destroyed) return;
    if (pace.held !== true) response.write(block);
  }
  response.end(pace.held === true ? body : '');
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
  if (seen.path === '/v1/chat/completions' && !models.includes(String(model)))
    return json(404, {
      error: {
        message: `The model ${String(model)} does not exist.`,
        type: 'invalid_request_error',
        param: null,
        code: 'model_not_found',
      },
    });
  if (seen.path !== '/v1/chat/completions')
    return json(404, {
      error: { message: `Invalid URL (${seen.path})`, type: 'invalid_request_error', param: null, code: null },
    });
  if (seen.body['stream'] === true)
    return {
      status: 200,
      headers: { 'content-type': 'text/event-stream; charset=utf-8', ...named },
      body: streamOf(model, textFor(seen.body).content),
    };
  const { content, finish, tokens } = textFor(seen.body);
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: finish }];
  return json(
    200,
    {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model,
      choices,
      usage: { prompt_tokens: 9, completion_tokens: tokens, total_tokens: 9 + tokens },
    },
    named,
  );
}

/** The text for a question, a word a token, as a model that does what it is told would write it. */
function textFor(body: Record<string, unknown>): { content: string; finish: string; tokens: number } {
  const prompt = JSON.stringify(body['messages']);
  const whole =
    body['response_format'] === undefined
      ? (/Repeat after me: ([^"]*)"/.exec(prompt)?.[1] ?? (prompt.includes('Count') ? COUNTED : 'Hello'))
      : '{"city":"Paris"}';
  const [stop] = Array.isArray(body['stop']) ? body['stop'] : [];
  const text = typeof stop === 'string' ? (whole.split(stop)[0] ?? '') : whole;
  const words = text.match(/\S+\s*/g) ?? [];
  const limit = typeof body['max_tokens'] === 'number' ? body['max_tokens'] : words.length;
  const kept = words.slice(0, limit);
  return { content: kept.join(''), finish: kept.length < words.length ? 'length' : 'stop', tokens: kept.length };
}

function streamOf(model: unknown, content: string): string {
  const chunk = (choices: unknown, usage: unknown = null): string =>
    `data: ${JSON.stringify({ id: 'chatcmpl-2', object: 'chat.completion.chunk', created: 1, model, choices, usage })}\n\n`;
  const delta = (part: unknown, finish: string | null = null): string =>
    chunk([{ index: 0, delta: part, finish_reason: finish }]);
  const words = content.match(/\S+\s*/g) ?? [];
  const text = words.map((word) => delta({ content: word })).join('');
  const usage = { prompt_tokens: 9, completion_tokens: words.length, total_tokens: 9 + words.length };
  return `: keep-alive\n\n${delta({ role: 'assistant', content: '' })}${text}${delta({}, 'stop')}${chunk([], usage)}data: [DONE]\n\n`;
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
