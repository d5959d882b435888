/** How many requests a model on a server runs at once, as far as it is known. */
export interface Slots {
  /** What is gone by: stated, or found out. */
  count: number;
  /** `learned`: nobody stated it, so one more is tried now and then. */
  readonly kind: 'stated' | 'learned' | 'unbounded';
  /** A request sent beyond the count, to see whether it runs while the others do. */
  trial: Trial | undefined;
  nextTrialMs: number;
  pauseMs: number;
}

/** One more than the count: `startedMs` once it was seen to run while all the others did. */
export interface Trial {
  readonly request: string;
  startedMs: number | undefined;
}

const MOST_LEARNED = 256;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 600_000;
/** For so long the others must still run, so that two answers that come in together are no proof. */
const PROOF_MS = 20;
/** Below that a server may only have been slow to begin. */
const LEAST_WAIT_MS = 100;

/** Slots of which the operator says the number; `Infinity` where the server queues better than we could. */
export function statedSlots(count: number): Slots {
  return {
    count,
    kind: Number.isFinite(count) ? 'stated' : 'unbounded',
    trial: undefined,
    nextTrialMs: 0,
    pauseMs: FIRST_PAUSE_MS,
  };
}

/** Slots of which nobody says the number: one, until more are seen to run. */
export function learnedSlots(): Slots {
  return { count: 1, kind: 'learned', trial: undefined, nextTrialMs: 0, pauseMs: FIRST_PAUSE_MS };
}

/** Whether one more than the count may be sent: every other must have been seen to run, or it could get in before one of them. */
export function mayTry(
  slots: Slots,
  use: { readonly inFlight: number; readonly started: number; readonly abandonedPrefills: number },
  nowMs: number,
): boolean {
  return (
    slots.kind === 'learned' &&
    slots.trial === undefined &&
    nowMs >= slots.nextTrialMs &&
    slots.count < MOST_LEARNED &&
    use.abandonedPrefills === 0 &&
    use.inFlight === slots.count &&
    use.started === use.inFlight
  );
}

/** A request has begun to be answered. */
export function observeStart(slots: Slots, request: string, nowMs: number): void {
  if (slots.trial?.request === request) slots.trial.startedMs = nowMs;
}

/** A request has ended; `ran`: with an answer. The trial is decided by which of them came first. */
export function observeEnd(slots: Slots, request: string, ran: boolean, nowMs: number): void {
  const { trial } = slots;
  if (trial === undefined) return;
  if (trial.request === request) {
    // All the others still run.
    if (ran || settled(trial, nowMs)) raise(slots);
    else postpone(slots, nowMs, FIRST_PAUSE_MS);
  } else if (settled(trial, nowMs)) raise(slots);
  else if (trial.startedMs !== undefined) postpone(slots, nowMs, FIRST_PAUSE_MS);
  else {
    postpone(slots, nowMs, slots.pauseMs);
    slots.pauseMs = Math.min(slots.pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/** Time has passed. */
export function observeTime(slots: Slots, nowMs: number): void {
  if (slots.trial !== undefined && settled(slots.trial, nowMs)) raise(slots);
}

/** What a request says about slots that was the `nth` in flight when it was sent: how long it waited inside for one, of all that it took. */
export interface InsideWait {
  readonly nth: number;
  readonly insideMs: number;
  readonly tookMs: number;
}

/** Who had to wait inside was sent beyond what the server runs at once, which may have become less since it was found out. */
export function observeWait(slots: Slots, { nth, insideMs, tookMs }: InsideWait, nowMs: number): void {
  if (slots.kind !== 'learned' || nth < 2 || nth > slots.count || insideMs < Math.max(LEAST_WAIT_MS, tookMs * 0.2))
    return;
  slots.count = nth - 1;
  slots.pauseMs = FIRST_PAUSE_MS;
  postpone(slots, nowMs, FIRST_PAUSE_MS);
}

/** The server has gone, and may come back otherwise: what was found out does not hold any more. */
export function forgetSlots(slots: Slots): void {
  if (slots.kind !== 'learned') return;
  Object.assign(slots, learnedSlots());
}

function settled({ startedMs }: Trial, nowMs: number): boolean {
  return startedMs !== undefined && nowMs - startedMs >= PROOF_MS;
}

function raise(slots: Slots): void {
  slots.count += 1;
  slots.trial = undefined;
  slots.pauseMs = FIRST_PAUSE_MS;
}

function postpone(slots: Slots, nowMs: number, pauseMs: number): void {
  slots.trial = undefined;
  slots.nextTrialMs = nowMs + pauseMs;
}
