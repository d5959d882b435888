import { isObject, type Json } from '../json.ts';
import { request, type Connection } from './connection.ts';

const ANSWER_MS = 2000;
/** Time for which a server that did not answer is not asked again, ms. */
const SILENCE_MS = 2000;

/** Interval at which answers that are no longer kept are removed, ms. */
const SWEEP_MS = 1000;

/** A query that costs a server nothing. */
export interface BackendQuery {
  /** Below the server's URL. */
  readonly path: string;
  /** Makes the query a POST. */
  readonly body?: Json;
  /** Time for which the answer is kept for the same query, ms; 0: it is shared only while it is under way. */
  readonly holdsMs: number;
}

interface Known {
  readonly answer: Promise<Json | undefined>;
  untilMs: number;
}

/** Queries servers; the same query at the same time, or soon after, is sent once. */
export class QueryCache {
  readonly #known = new Map<string, Known>();
  #sweptMs = 0;

  /** Answers that are under way or kept. */
  get size(): number {
    return this.#known.size;
  }

  /** The answer of a server; `undefined` if it gives none in time. */
  get(connection: Connection, query: BackendQuery): Promise<Json | undefined> {
    const nowMs = performance.now();
    this.#sweep(nowMs);
    const key = JSON.stringify([connection.target.origin, connection.target.prefix, query.path, query.body]);
    const known = this.#known.get(key);
    if (known !== undefined && known.untilMs > nowMs) return known.answer;
    const asked: Known = { answer: ask(connection, query), untilMs: Infinity };
    this.#known.set(key, asked);
    void asked.answer.then((answer) => {
      asked.untilMs = performance.now() + (answer === undefined ? SILENCE_MS : query.holdsMs);
      // The query or its answer may be large, or a client's text: it is not kept.
      if (query.holdsMs === 0) this.#known.delete(key);
    });
    return asked.answer;
  }

  // A sweep for each query would cost the square of their number.
  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = nowMs;
    for (const [key, { untilMs }] of this.#known) if (untilMs <= nowMs) this.#known.delete(key);
  }
}

async function ask(connection: Connection, { path, body }: BackendQuery): Promise<Json | undefined> {
  try {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await request(connection, path, text, AbortSignal.timeout(ANSWER_MS));
    const said: unknown = await answer.body.json();
    return answer.statusCode === 200 && isObject(said) ? said : undefined;
  } catch {
    return undefined;
  }
}
