import { isObject } from '../../core/json.ts';

/** A longer context that a server could not hold: the model left its VRAM in part (`spilled`), or did not load. */
export interface RefusedContext {
  readonly tokens: number;
  readonly reason: 'spilled' | 'not-loaded';
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** The facts about the context of one model on one server that outlive a restart. Lengths are in tokens. */
export interface ContextRecord {
  readonly backend: string;
  readonly model: string;
  /** The server's own context, before the first growth. */
  from: number | undefined;
  /** The context that it has grown to; `undefined`: it has not. */
  context: number | undefined;
  refused: RefusedContext | undefined;
}

/** Most records that are kept: names of models change over the years. */
const MOST_RECORDS = 1000;
/** Time for which a longer context is not tried again: the server may get more memory, ms. */
const REFUSED_FOR_MS = 24 * 3_600_000;

/** The shortest context that is known to be too long for the server; `undefined` if none is. */
export function refusedAbove({ refused }: Pick<ContextRecord, 'refused'>, nowMs: number): number | undefined {
  return refused !== undefined && nowMs - Date.parse(refused.at) < REFUSED_FOR_MS ? refused.tokens : undefined;
}

/** Records as a document for the state folder. */
export function recordsDocument(records: readonly ContextRecord[]): object {
  return {
    contexts: records
      .filter(({ context, refused }) => context !== undefined || refused !== undefined)
      .slice(-MOST_RECORDS),
  };
}

/** The records in such a document; `undefined` if it is damaged. */
export function recordsIn(document: unknown): readonly ContextRecord[] | undefined {
  const list = isObject(document) ? document['contexts'] : undefined;
  if (!Array.isArray(list)) return undefined;
  const records = list.map(recordIn).filter((record) => record !== undefined);
  return records.length === list.length ? records : undefined;
}

function recordIn(value: unknown): ContextRecord | undefined {
  if (!isObject(value)) return undefined;
  const { backend, model, from, context, refused } = value;
  if (typeof backend !== 'string' || typeof model !== 'string') return undefined;
  if (!isTokens(from) || !isTokens(context)) return undefined;
  if (refused === undefined) return { backend, model, from, context, refused };
  if (!isObject(refused)) return undefined;
  const { tokens, reason, at } = refused;
  if (!isTokens(tokens) || tokens === undefined || (reason !== 'spilled' && reason !== 'not-loaded')) return undefined;
  if (typeof at !== 'string' || Number.isNaN(Date.parse(at))) return undefined;
  return { backend, model, from, context, refused: { tokens, reason, at } };
}

function isTokens(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && Number.isSafeInteger(value) && value > 0);
}
