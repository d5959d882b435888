import assert from 'node:assert/strict';
import type { Target } from '../case.ts';

interface Init extends RequestInit {
  readonly headers?: Readonly<Record<string, string>>;
}

/** The conversation of every case; few tokens, so that a slow server is not busy for long. */
export const HI = { messages: [{ role: 'user' as const, content: 'Say something.' }], max_tokens: 8, temperature: 0 };

/** A picture of one red point. */
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

/**
 * Two plain characters inside a text, with more text behind them, as a stop sequence; a text that ends inside a character does not
 * matter here.
 */
export function findStop(text: string): string | undefined {
  return /[\x21-\x7e]{2}(?=[\x20-\x7e]{3})/.exec(text.slice(1))?.[0];
}

/** Sends a request on the wire, with the key; paths begin with `/v1` or `/api`. */
export function ask({ url, key }: Target, path: string, init: Init = {}): Promise<Response> {
  return fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } });
}

/** Posts JSON with the key. */
export function post(
  target: Target,
  path: string,
  body: object | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return ask(target, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** Chats, with more or other parameters. */
export function chat(target: Target, more: object): Promise<Response> {
  return post(target, '/v1/chat/completions', { model: target.model, ...HI, ...more });
}

/** Checks an error of OpenAI's: the status, and an object with four keys, some with these values. */
export async function refused(response: Response, status: number, error: object): Promise<void> {
  const text = await response.text();
  assert.equal(response.status, status, `status (${text.slice(0, 120)})`);
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/, 'content-type');
  // Of any type: the checks follow below.
  const body = JSON.parse(text) as { error?: object };
  assert.deepEqual(Object.keys(body.error ?? {}).toSorted(), ['code', 'message', 'param', 'type'], 'keys of the error');
  assert.partialDeepStrictEqual(body.error, error, 'error');
}

/** The data of a stream's events as WHATWG's specification reads them: JSON, or `[DONE]`; `event` names are kept apart. */
export async function readEvents(
  response: Response,
): Promise<readonly { readonly event: string; readonly data: unknown }[]> {
  assert.equal(response.status, 200, 'status');
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/, 'content-type');
  const events: { event: string; data: unknown }[] = [];
  for (const block of (await response.text()).split(/\r?\n\r?\n/)) {
    const lines = block.split(/\r?\n/);
    const field = (name: string): readonly string[] =>
      lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ''));
    const data = field('data').join('\n');
    if (data !== '') events.push({ event: field('event').join(''), data: data === '[DONE]' ? data : JSON.parse(data) });
  }
  return events;
}
