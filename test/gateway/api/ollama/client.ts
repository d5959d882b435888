import assert from 'node:assert/strict';
import type { Running } from '../../running.ts';

/** A line of a stream, or the body of a response that is not streamed. */
export type Line = Readonly<Record<string, unknown>>;

/** Posts a body as JSON. */
export function post(gateway: Running, path: string, body: object, init: RequestInit = {}): Promise<Response> {
  return gateway.ask(path, { method: 'POST', body: JSON.stringify(body), ...init, headers: {} });
}

/** The lines of a stream; checks that the last one is complete. */
export async function linesOf(response: Response): Promise<readonly Line[]> {
  const text = await response.text();
  assert.ok(text.endsWith('\n'), 'the last line has no end');
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** The line without the values that differ between runs; checks the format of `created_at`. */
export function withoutTimes(line: Line): Line {
  assert.match(String(line['created_at']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/);
  const stable = Object.entries(line).map(([name, value]) => [
    name,
    name === 'created_at' ? 'then' : name.endsWith('_duration') ? typeof value : value,
  ]);
  return Object.fromEntries(stable) as Line;
}

/** The status and the message of an error response; checks its shape. */
export async function errorOf(response: Response): Promise<readonly [status: number, error: string]> {
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  const body = (await response.json()) as { error: string };
  assert.deepEqual([Object.keys(body), typeof body.error], [['error'], 'string']);
  return [response.status, body.error];
}
