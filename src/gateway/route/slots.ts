/** The number of requests that a model on a backend runs at once. */
export interface Slots {
  /** The number in use: configured or learned. */
  count: number;
  /** `learned`: no number is configured, so one more is tried now and then. */
  readonly kind: 'stated' | 'learned' | 'unbounded';
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
export function statedSlots(count: number): Slots {
  return {
    count,
    kind: Number.isFinite(count) ? 'stated' : 'unbounded',
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

/** A request has begun to be answered. */
export function observeStart(slots: Slots, request: string, nowMs: number): void {
  if (slots.trial?.request === request) slots.trial.startedMs = nowMs;
}

/** A request has ended; `ran`: with a response. The order of the two ends decides the trial. */
export function observeEnd(slots: Slots, request: string, ran: boolean, nowMs: number): void {
  const { trial } = slots;
  if (trial === undefined) return;
  if (trial.request === request) {
    // All other requests still run.
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

/** A measurement of the slots by one request: its position among those in flight, its wait inside the server, and its duration. */
export interface InsideWait {
  readonly position: number;
  readonly insideMs: number;
  readonly tookMs: number;
}

/** A request that had to wait inside the server was beyond its slots, which may have become fewer. */
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
  postpone(slots, nowMs, FIRST_PAUSE_MS);
}

/** The backend is gone: learned slots are forgotten. */
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
