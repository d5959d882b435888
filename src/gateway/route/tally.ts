/** Counts of an alias since the start, for metrics: plain numbers, which cost a decision next to nothing. */
export interface Tally {
  /** Decisions by reason: those of assignments and of rejections. */
  readonly decisions: Map<string, number>;
  /** Seconds in queues, loads included, of requests that wait no more. */
  readonly queuedS: { people: number; batch: number };
  /** Requests of people that were not on time: they gave way to those that still could be. */
  late: number;
}

/** Loads of a model on a server that served nothing. */
export interface NeedlessLoads {
  /** A free slot elsewhere could have served when the load was sent. */
  slotFree: number;
  /** The model left the memory, or was loaded anew, before it had a request. */
  unused: number;
}

/** Nothing is counted yet. */
export function emptyTally(): Tally {
  return { decisions: new Map(), queuedS: { people: 0, batch: 0 }, late: 0 };
}

/** Counts a decision. */
export function countDecision(tally: Tally | undefined, reason: string): void {
  tally?.decisions.set(reason, (tally.decisions.get(reason) ?? 0) + 1);
}

/** Counts the wait of a request that leaves its queue; `isLate`: it was not on time. */
export function countWait(
  tally: Tally | undefined,
  { batch, queuedMs }: { readonly batch: boolean; readonly queuedMs: number },
  isLate: boolean,
  nowMs: number,
): void {
  if (tally === undefined) return;
  tally.queuedS[batch ? 'batch' : 'people'] += Math.max(0, nowMs - queuedMs) / 1000;
  if (isLate && !batch) tally.late += 1;
}
