import { once } from 'node:events';
import { Agent, request, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

/**
 * A server to examine, simulated or real. It has `tiny`, `tiny-plain` and the field's name for `tiny`, all of one weights file, and
 * `other` of another; two slots; room for one model.
 */
export interface Server {
  readonly url: string;
}

/** A whole response. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const agent = new Agent({ keepAlive: false });

/** Sends a request and waits for the whole response. An object is sent as JSON, text as it is. */
export async function ask(
  server: Server,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const asked = send(server, method, path, body, headers);
  const [response] = (await once(asked, 'response')) as [IncomingMessage]; // the event has one argument
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** Sends a POST and returns the JSON of the response. */
export async function askJson(server: Server, path: string, body: unknown): Promise<Record<string, unknown>> {
  const answer = await ask(server, 'POST', path, body);
  return JSON.parse(answer.text) as Record<string, unknown>; // every response to a POST is an object
}

/** A stream that is being read. */
export interface Reading {
  /** Resolves with the status when the response begins. */
  readonly begun: Promise<number>;
  /** Resolves with the whole output when the response ends or breaks. */
  readonly ended: Promise<string>;
  /** Closes the connection. */
  leave(): void;
  readonly hasBegun: () => boolean;
  readonly hasEnded: () => boolean;
}

/** Sends a POST and reads the response as it comes. */
export function read(server: Server, path: string, body: unknown): Reading {
  const asked = send(server, 'POST', path, body, {});
  const state = { begun: false, ended: false };
  const begun = Promise.withResolvers<number>();
  const ended = Promise.withResolvers<string>();
  let text = '';
  const end = (): void => {
    state.ended = true;
    ended.resolve(text);
    begun.reject(new Error('the connection ended before an answer began'));
  };
  // A caller may wait for the end only.
  begun.promise.catch(() => undefined);
  asked.on('response', (response: IncomingMessage) => {
    // Go sends the headers with the first chunk: the model has generated its first token.
    state.begun = true;
    begun.resolve(response.statusCode ?? 0);
    response
      .setEncoding('utf8')
      .on('data', (chunk: string) => (text += chunk))
      .on('close', end)
      .on('error', end);
  });
  asked.on('error', end);
  return {
    begun: begun.promise,
    ended: ended.promise,
    leave: () => asked.destroy(),
    hasBegun: () => state.begun,
    hasEnded: () => state.ended,
  };
}

function send(
  server: Server,
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): ClientRequest {
  const asked = request(`${server.url}${path}`, {
    method,
    agent,
    headers: body === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
  });
  asked.end(
    body === undefined ? undefined : typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  );
  return asked;
}

/** Parses the objects of a native stream. */
export function linesOf(text: string): readonly Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>); // every line is an object
}

/** Parses the objects of an SSE stream. `done`: it ended with `[DONE]`. */
export function eventsOf(text: string): {
  readonly events: readonly Record<string, unknown>[];
  readonly done: boolean;
} {
  const blocks = text.split('\n\n').filter((block) => block !== '');
  const done = blocks.at(-1) === 'data: [DONE]';
  return {
    done,
    events: (done ? blocks.slice(0, -1) : blocks).map(
      (block) => JSON.parse(block.replace(/^data: /, '')) as Record<string, unknown>,
    ),
  }; // every event is an object
}
