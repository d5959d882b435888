import assert from 'node:assert/strict';
import { ask, type Server } from './asking.ts';
import { mismatchOf, type Pattern } from './pattern.ts';

export { until } from '../until.ts';

/** One behaviour of a real Ollama, which the simulated one must have too. */
export interface Case {
  readonly name: string;
  check(server: Server): Promise<void>;
}

/** One request and its response. */
export interface Exchange {
  readonly name: string;
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** 200 by default. */
  readonly status?: number;
  readonly type?: string;
  /** The JSON of the response; a text or a regular expression for the body as it is. */
  readonly answer?: Pattern;
}

/** A case with one request. A POST if there is a body, else a GET. */
export function exchange(wanted: Exchange): Case {
  return {
    name: wanted.name,
    check: async (server) => {
      const answer = await ask(
        server,
        wanted.method ?? (wanted.body === undefined ? 'GET' : 'POST'),
        wanted.path,
        wanted.body,
        wanted.headers,
      );
      assert.equal(answer.status, wanted.status ?? 200, answer.text);
      if (wanted.type !== undefined) assert.equal(answer.headers['content-type'], wanted.type);
      const pattern = wanted.answer;
      if (pattern === undefined) return;
      const asText = typeof pattern === 'string' || pattern instanceof RegExp;
      assert.equal(mismatchOf(asText ? answer.text : (JSON.parse(answer.text) as unknown), pattern), undefined);
    },
  };
}

/** Errors of one path: the body, the status, and the text of the error, in the native shape or OpenAI's. */
export function refusals(
  path: string,
  rows: readonly (readonly [body: unknown, status: number, error: string | RegExp])[],
): readonly Case[] {
  return rows.map(([body, status, error]) => {
    const type = status === 400 ? 'invalid_request_error' : status === 404 ? 'not_found_error' : 'api_error';
    const answer: Pattern = path.startsWith('/v1/')
      ? { error: { message: error, type, param: null, code: null } }
      : { error };
    const sent = typeof body === 'string' ? body : JSON.stringify(body);
    return exchange({
      name: `POST ${path} ${sent.length > 90 ? `${sent.slice(0, 87)}…` : sent} is refused with ${String(status)}: ${String(error)}`,
      path,
      body,
      status,
      answer,
    });
  });
}
