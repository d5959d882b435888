/** The number of requests that a model on a backend runs at once. */
export interface Slots {
  /** The number in use: configured or learned. */
  count: number;
  /** `learned`: no number is configured, so one more is tried now and then. */
  readonly kind: 'configured' | 'learned' | 'unbounded';
  /** A request beyond the count, to see whether it runs beside the others. */
  trial: Trial | undefined;
  nextTrialMs: number;
  pauseMs: number;
}

/** A trial of one more slot: `startedMs` is set once all requests were seen to run. */
export interface Trial {
  readonly request: string;
  startedMs: number | undefined;
}

const MOST_LEARNED = 256;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 600_000;
/** Time for which the others must still run, ms: two responses in one batch are no proof. */
const PROOF_MS = 20;
/** A shorter wait inside the server may only be a slow start, ms. */
const LEAST_WAIT_MS = 100;

/** Slots of a configured number; `Infinity` if the server queues requests better. */
export function configuredSlots(count: number): Slots {
  return {
    count,
    kind: Number.isFinite(count) ? 'configured' : 'unbounded',
    trial: undefined,
    nextTrialMs: 0,
    pauseMs: FIRST_PAUSE_MS,
  };
}

/** Slots of an unknown number: one, until more are seen to run. */
export function learnedSlots(): Slots {
  return { count: 1, kind: 'learned', trial: undefined, nextTrialMs: 0, pauseMs: FIRST_PAUSE_MS };
}

/** Whether one request beyond the count may be sent: all others must be running, or it could start before one of them. */
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

/** Records that the server has begun to answer a request. */
export function observeStart(slots: Slots, request: string, nowMs: number): void {
  if (slots.trial?.request === request) slots.trial.startedMs = nowMs;
}

/** Records the end of a request; `answered`: with a response. The order of the two ends decides a trial. */
export function observeEnd(slots: Slots, request: string, answered: boolean, nowMs: number): void {
  const { trial } = slots;
  if (trial === undefined) return;
  if (trial.request === request) {
    // All other requests still run.
    if (answered || isProven(trial, nowMs)) acceptTrial(slots);
    else endTrial(slots, nowMs, FIRST_PAUSE_MS);
  } else if (isProven(trial, nowMs)) acceptTrial(slots);
  else if (trial.startedMs !== undefined) endTrial(slots, nowMs, FIRST_PAUSE_MS);
  else {
    endTrial(slots, nowMs, slots.pauseMs);
    slots.pauseMs = Math.min(slots.pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/** Ends a trial in which all requests have run long enough. */
export function observeTime(slots: Slots, nowMs: number): void {
  if (slots.trial !== undefined && isProven(slots.trial, nowMs)) acceptTrial(slots);
}

/** A measurement of the slots by one request: its position among those in flight, its wait inside the server, and its duration. */
export interface InsideWait {
  readonly position: number;
  readonly insideMs: number;
  readonly tookMs: number;
}

/** Lowers the learned slots if a request had to wait inside the server: it was beyond the slots there. */
export function observeWait(slots: Slots, { position, insideMs, tookMs }: InsideWait, nowMs: number): void {
  if (
    slots.kind !== 'learned' ||
    position < 2 ||
    position > slots.count ||
    insideMs < Math.max(LEAST_WAIT_MS, tookMs * 0.2)
  )
    return;
  slots.count = position - 1;
  slots.pauseMs = FIRST_PAUSE_MS;
  endTrial(slots, nowMs, FIRST_PAUSE_MS);
}

/** Forgets learned slots; called when the backend is gone. */
export function forgetSlots(slots: Slots): void {
  if (slots.kind !== 'learned') return;
  Object.assign(slots, learnedSlots());
}

function isProven({ startedMs }: Trial, nowMs: number): boolean {
  return startedMs !== undefined && nowMs - startedMs >= PROOF_MS;
}

function acceptTrial(slots: Slots): void {
  slots.count += 1;
  slots.trial = undefined;
  slots.pauseMs = FIRST_PAUSE_MS;
}

function endTrial(slots: Slots, nowMs: number, pauseMs: number): void {
  slots.trial = undefined;
  slots.nextTrialMs = nowMs + pauseMs;
}
