import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { strike } from './faults/strike.ts';
import type { Machine } from './machine.ts';
import type { Call } from './native/call.ts';
import { failureBody } from './openai/failure.ts';
import { findRoute, type Handler } from './routes.ts';
import { admitsHost, admitsOrigin } from './wire/admission.ts';
import { corsHeaders, preflightHeaders } from './wire/cors.ts';
import { goJson } from './wire/json.ts';
import { Line } from './wire/line.ts';
import { Gone, Refusal } from './wire/refusal.ts';
import { NativeReply } from './wire/reply.ts';
import { nowMs } from './wire/time.ts';

/**
 * Creates the HTTP server of a machine: checks Host and Origin, calls the handler, and aborts its signal when the
 * client leaves.
 */
export function createDoor(machine: Machine): Server {
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
    void receive(machine, request, response).catch(() => response.destroy());
  });
  // A socket error between requests concerns no request.
  server.on('clientError', (_error, socket) => socket.destroy());
  return server;
}

async function receive(machine: Machine, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const startedMs = nowMs();
  const line = new Line(response);
  const handler = admit(machine, request, response, line);
  if (handler === undefined) {
    request.resume();
    return;
  }
  const path = pathOf(request);
  machine.requests.set(path, (machine.requests.get(path) ?? 0) + 1);
  const text = await readText(request);
  if (text === undefined) return;
  const call: Call = { machine, path, text, line, startedMs, signal: leavingSignal(request, response) };
  try {
    await strikeListing(call, request.method);
    await handler(call);
  } catch (error) {
    answerFailure(call, error);
  }
}

// Strikes faults on requests without a model (listings). Faults on a model strike in `withRunner` and `giveAnswer`.
async function strikeListing(call: Call, method: string | undefined): Promise<void> {
  const fault = method === 'POST' && call.path !== '/api/show' ? undefined : call.machine.faults.takeOn(call.path);
  if (fault === undefined) return;
  await strike(fault, {
    line: call.line,
    signal: call.signal,
    reply: new NativeReply(call.line),
    kill: () => undefined,
  });
}

function admit(machine: Machine, request: IncomingMessage, response: ServerResponse, line: Line): Handler | undefined {
  const { origin, host } = request.headers;
  if (!admitsOrigin(origin) || !admitsHost(machine.settings.host, host)) {
    line.empty(403);
    return undefined;
  }
  const path = pathOf(request);
  const route = findRoute(path);
  if (origin !== undefined && request.method === 'OPTIONS') {
    line.empty(204, preflightHeaders(origin));
    return undefined;
  }
  if (origin !== undefined)
    for (const [name, value] of Object.entries(corsHeaders(origin))) response.setHeader(name, value);
  const handler = route?.methods[request.method ?? ''];
  if (handler !== undefined) return handler;
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : '';
  if (route !== undefined)
    line.whole(405, 'text', '405 method not allowed', { Allow: Object.keys(route.methods).join(', ') });
  else if (findRoute(trimmed) !== undefined)
    line.whole(request.method === 'GET' ? 301 : 307, 'html', `<a href="${trimmed}">Moved Permanently</a>.\n\n`, {
      Location: trimmed,
    });
  else line.whole(404, 'text', '404 page not found');
  return undefined;
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

/** Reads the body as text; undefined if the client left before it was complete. */
async function readText(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Aborts when the client leaves. A client that closes only its sending half counts as gone too, as in Go. */
function leavingSignal(request: IncomingMessage, response: ServerResponse): AbortSignal {
  const leaving = new AbortController();
  const leave = (): void => {
    request.socket.off('end', leave);
    if (!response.writableFinished) leaving.abort();
  };
  request.socket.on('end', leave);
  response.on('close', leave);
  return leaving.signal;
}

/**
 * Answers a request that was refused before a reply existed; the path decides between OpenAI's and Ollama's error
 * shape.
 */
function answerFailure(call: Call, error: unknown): void {
  if (error instanceof Gone) return;
  if (!(error instanceof Refusal)) throw error;
  const { status, message, raw } = error;
  call.line.whole(
    status,
    'json',
    call.path.startsWith('/v1/') && !raw ? failureBody(status, message) : goJson({ error: message }),
  );
}
