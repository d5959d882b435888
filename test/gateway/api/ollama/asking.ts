import assert from 'node:assert/strict';
import type { Running } from '../../running.ts';

/** A line of an answer, or a whole one. */
export type Line = Readonly<Record<string, unknown>>;

/** Asks with a body. */
export function post(gateway: Running, path: string, body: object, init: RequestInit = {}): Promise<Response> {
  return gateway.ask(path, { method: 'POST', body: JSON.stringify(body), ...init, headers: {} });
}

/** The lines of a stream, each whole and by itself. */
export async function linesOf(response: Response): Promise<readonly Line[]> {
  const text = await response.text();
  assert.ok(text.endsWith('\n'), 'the last line has no end');
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** The same without what differs from one time to the next, after a look at it. */
export function timeless(line: Line): Line {
  assert.match(String(line['created_at']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/);
  const stable = Object.entries(line).map(([name, value]) => [
    name,
    name === 'created_at' ? 'then' : name.endsWith('_duration') ? typeof value : value,
  ]);
  return Object.fromEntries(stable) as Line;
}

/** What was refused, after looking at its shape. */
export async function refusalOf(response: Response): Promise<readonly [status: number, error: string]> {
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  const body = (await response.json()) as { error: string };
  assert.deepEqual([Object.keys(body), typeof body.error], [['error'], 'string']);
  return [response.status, body.error];
}
