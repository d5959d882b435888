import type { SimRecord, SimResult } from './simulation.ts';

/** The figures of one simulation; shares in percent, times in seconds. */
export interface Score {
  readonly requests: number;
  /** Requests that were answered to their end, with the first token in time. */
  readonly met: number;
  readonly served: number;
  /** TTFT of people; a request without an answer counts as 60 s. */
  readonly p50: number;
  readonly p95: number;
  readonly loads: number;
  /** Loads while a free slot could serve, or of which the copy left the memory unused. */
  readonly needless: number;
  /** Loads inside a chat that the gateway had sent. */
  readonly byChat: number;
  /** Target met by the callers whose keys begin with `polite`, where there are such. */
  readonly polite: number | undefined;
}

/** TTFT of a request without an answer, s. */
const UNANSWERED_S = 60;

/** The score of a simulation. */
export function scoreOf({ records, loads }: Pick<SimResult, 'records' | 'loads'>): Score {
  const own = loads.filter(({ cause }) => cause !== 'direct');
  const polite = records.filter(({ request: { key, user } }) => `${key} ${user ?? ''}`.includes('polite'));
  const ttfts = records
    .filter(({ request }) => request.class === 'people')
    .map(ttftOf)
    .toSorted((a, b) => a - b);
  return {
    requests: records.length,
    met: percent(records, isMet),
    served: percent(records, ({ outcome }) => outcome === 'served'),
    p50: quantile(ttfts, 0.5),
    p95: quantile(ttfts, 0.95),
    loads: own.length,
    needless: own.filter(({ isNeedless, isUnused }) => isNeedless || isUnused).length,
    byChat: own.filter(({ cause }) => cause === 'chat').length,
    polite: polite.length === 0 ? undefined : percent(polite, isMet),
  };
}

/** Whether a request was answered to its end, with the first token in time. */
export function isMet({ outcome, ttftMs, targetMs }: SimRecord): boolean {
  return outcome === 'served' && ttftMs !== undefined && ttftMs <= targetMs;
}

function ttftOf({ outcome, ttftMs }: SimRecord): number {
  return outcome === 'served' && ttftMs !== undefined ? ttftMs / 1000 : UNANSWERED_S;
}

function percent(records: readonly SimRecord[], holds: (record: SimRecord) => boolean): number {
  return records.length === 0 ? 100 : (100 * records.filter(holds).length) / records.length;
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}
