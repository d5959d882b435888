import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { answerOf, type Answer, type Seen } from './fake-answers.ts';

export { json, KEY, page, streamOf, type Answer, type Seen } from './fake-answers.ts';

/** A server on a free port of loopback. */
export interface FakeServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: Seen[];
}

/** The pace of streams. */
export interface Pace {
  readonly everyMs: number;
  readonly held?: true;
  /** Blocks that are sent together, as a proxy with a small buffer does. */
  readonly together?: number;
  /** A pause before one block: the sixth, or `pauseAt`, from 0. */
  readonly pauseMs?: number;
  readonly pauseAt?: number;
}

/** Answers as hxllm's gateway does; `bend` may change or replace any answer (`'hang up'` closes the connection). */
export async function startFake(options: {
  readonly models: readonly string[];
  readonly backends: readonly string[];
  /** The body of `/health`, or a function of the streams that are open and were ever opened; without it there is no such path. */
  readonly health?: object | ((open: number, opened: number) => object);
  readonly bend?: (seen: Seen, answer: Answer) => Answer | 'hang up' | 'say nothing';
  /** Bodies of further paths, such as `/model/info`. */
  readonly paths?: Readonly<Record<string, object>>;
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
    const good = answerOf(seen, options.models, own ?? backends[turn % backends.length], health, options.paths ?? {});
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
  let kept = '';
  for (const [number, block] of blocks.entries()) {
    await setTimeout(pace.everyMs + (number === (pace.pauseAt ?? 5) ? (pace.pauseMs ?? 0) : 0));
    if (response.destroyed) return;
    kept += block;
    if (pace.held === true || (pace.together !== undefined && number % pace.together !== 0)) continue;
    response.write(kept);
    kept = '';
  }
  response.end(kept);
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
