import { isObject, type Json } from '../json.ts';
import type { Connection } from './connection.ts';

const ANSWER_MS = 2000;
/** How long a server that did not answer is left alone. */
const SILENCE_MS = 2000;

/** Something that a server is asked about itself, at no cost for it. */
export interface BackendQuery {
  /** Below the server's address. */
  readonly path: string;
  /** Makes it a POST. */
  readonly body?: Json;
  /** For how long the answer is good enough for others who ask the same; 0: only for those who ask meanwhile. */
  readonly holdsMs: number;
}

interface Known {
  readonly answer: Promise<Json | undefined>;
  untilMs: number;
}

/** Asks servers about themselves; those who ask the same at the same time, or soon after, share one answer. */
export class QueryCache {
  readonly #known = new Map<string, Known>();

  /** How many answers are under way or held. */
  get size(): number {
    return this.#known.size;
  }

  /** What a server says; `undefined` where it says nothing to the point in time. */
  get(connection: Connection, query: BackendQuery): Promise<Json | undefined> {
    const nowMs = performance.now();
    for (const [key, { untilMs }] of this.#known) if (untilMs <= nowMs) this.#known.delete(key);
    const key = JSON.stringify([connection.target.origin, connection.target.prefix, query.path, query.body]);
    const known = this.#known.get(key);
    if (known !== undefined) return known.answer;
    const asked: Known = { answer: ask(connection, query), untilMs: Infinity };
    this.#known.set(key, asked);
    void asked.answer.then((answer) => {
      const holdsMs = answer === undefined ? SILENCE_MS : query.holdsMs;
      asked.untilMs = performance.now() + holdsMs;
      // It may be large, or somebody's words: those who do not want it kept need not ask again to be rid of it.
      if (holdsMs === 0) this.#known.delete(key);
    });
    return asked.answer;
  }
}

async function ask(
  { dispatcher, target, headers }: Connection,
  { path, body }: BackendQuery,
): Promise<Json | undefined> {
  try {
    const what =
      body === undefined
        ? { method: 'GET' as const, headers }
        : {
            method: 'POST' as const,
            headers: { 'content-type': 'application/json', ...headers },
            body: JSON.stringify(body),
          };
    const answer = await dispatcher.request({
      origin: target.origin,
      path: target.prefix + path,
      ...what,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const said: unknown = await answer.body.json();
    return answer.statusCode === 200 && isObject(said) ? said : undefined;
  } catch {
    return undefined;
  }
}
