/** The number of requests that a model on a backend runs at once. */
export interface Slots {
  /** The number in use. */
  count: number;
  /** `learned`: the number is doubted, so one more is tried now and then, and a wait inside the server lowers it. */
  readonly kind: 'fixed' | 'learned' | 'unbounded';
  /** The number that a learned one starts from, if configured. */
  readonly stated: number | undefined;
  /** A request beyond the count, to see whether it runs beside the others. */
  trial: Trial | undefined;
  nextTrialMs: number;
  pauseMs: number;
  /** The number was seen to be true here; until then it follows that of another model of the same backend. */
  isSeen: boolean;
  /** The end of a lease has this number: leases that were made before it saw it. */
  ends: number;
  /** The last ends, newest last. */
  readonly lastEnds: SlotEnd[];
  /** Waits for a slot inside the server that a lower number explains, and the most requests that were seen to run since the first of them. */
  doubts: number;
  doubtedMs: number;
  mostSeen: number;
}

/** The end of a lease: its number, and the lease's place in the order of the assignments. */
interface SlotEnd {
  readonly end: number;
  readonly order: number;
  readonly atMs: number;
}

/** A trial of one more slot: `startedMs` is set once all requests were seen to run. */
export interface Trial {
  readonly request: string;
  /** When the request is taken back if it has not started: its first token is due before that. */
  readonly untilMs: number;
  startedMs: number | undefined;
}

const MOST_LEARNED = 256;
const FIRST_PAUSE_MS = 1000;
/** Pause after a first failed trial beyond a configured number, which is mostly true, ms. */
const STATED_PAUSE_MS = 30_000;
/** A configured number is not tried before it has been used for so long, ms. */
const STATED_TRUST_MS = 10_000;
const LONGEST_PAUSE_MS = 600_000;
/** Time for which the others must still run, ms: two responses in one batch are no proof. */
const PROOF_MS = 20;
/** A shorter wait inside the server may only be a slow start, ms. */
const LEAST_WAIT_MS = 100;
/** Waits that a lower number explains, without a sign against it, that lower the number; older ones are forgotten. */
const MOST_DOUBTS = 3;
const DOUBT_MS = 60_000;
/** A request got the slot of one that ended so shortly before its prompt began to be read, or, by the clocks, after that, ms. */
const SUCCESSION_MS = 100;
const CLOCKS_MS = 30;
const MOST_ENDS = 64;

/** Slots of a number that is never doubted; `Infinity` if the server queues requests better. */
export function fixedSlots(count: number): Slots {
  return { ...learnedSlots(), count, kind: Number.isFinite(count) ? 'fixed' : 'unbounded' };
}

/** Slots of a number that is to be learned: it starts with the configured one, else with one. */
export function learnedSlots(stated?: number): Slots {
  return {
    count: stated ?? 1,
    kind: 'learned',
    stated,
    trial: undefined,
    nextTrialMs: 0,
    pauseMs: stated === undefined ? FIRST_PAUSE_MS : STATED_PAUSE_MS,
    isSeen: false,
    ends: 0,
    lastEnds: [],
    doubts: 0,
    doubtedMs: 0,
    mostSeen: 0,
  };
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

/** Records that a request gets a slot. */
export function observeUse(slots: Slots, nowMs: number): void {
  if (slots.stated !== undefined && slots.nextTrialMs === 0) slots.nextTrialMs = nowMs + STATED_TRUST_MS;
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
  else failTrial(slots, nowMs);
}

/** Ends a trial in which all requests have run long enough; returns a request that is to be taken back, since it waits inside the server. */
export function observeTime(slots: Slots, nowMs: number): string | undefined {
  const { trial } = slots;
  if (trial === undefined) return undefined;
  if (isProven(trial, nowMs)) acceptTrial(slots);
  else if (trial.startedMs === undefined && nowMs >= trial.untilMs) {
    failTrial(slots, nowMs);
    return trial.request;
  }
  return undefined;
}

/** Records the end of a lease, so that requests that wait inside the server can be seen to follow it. */
export function observeSlotEnd(slots: Slots, order: number, nowMs: number): void {
  slots.ends += 1;
  slots.lastEnds.push({ end: slots.ends, order, atMs: nowMs });
  if (slots.lastEnds.length > MOST_ENDS) slots.lastEnds.shift();
}

/** An answered request, as evidence of the slots of its server. */
export interface SlotEvidence {
  /** Its place among the leases when it was made, itself included, and in the order of all assignments. */
  readonly position: number;
  readonly order: number;
  /** The number of the last end before it was made. */
  readonly endsBefore: number;
  /** When it was assigned, its wait inside the server, and the time for which the prompts before it were to be read, ms. */
  readonly assignedMs: number;
  readonly insideMs: number;
  readonly aheadMs: number;
}

/**
 * Lowers learned slots if requests had to wait for a slot inside the server. The server serves requests in the order in which they came, so a
 * request got its slot when so many of those before it had ended that one slot was free: with the rest of them it ran. A wait that
 * ends just after another request, or that the prompts before it do not explain, was for a slot. After three of them, and none
 * that ran beside as many as are assumed, the most that were seen to run are the number.
 */
export function observeRun(slots: Slots, { position, order, endsBefore, ...times }: SlotEvidence, nowMs: number): void {
  if (slots.kind !== 'learned') return;
  // Most requests run beside fewer than that, and did not wait.
  if (position < slots.count && times.insideMs < LEAST_WAIT_MS && slots.doubts === 0) return;
  const beganMs = times.assignedMs + times.insideMs;
  let running = position;
  let follows = false;
  for (const { end, order: ended, atMs } of slots.lastEnds) {
    if (end <= endsBefore || ended > order || atMs > beganMs + CLOCKS_MS) continue;
    running -= 1;
    if (atMs >= beganMs - SUCCESSION_MS) follows = true;
  }
  if (nowMs - slots.doubtedMs > DOUBT_MS) slots.doubts = 0;
  if (slots.doubts > 0) slots.mostSeen = Math.max(slots.mostSeen, running);
  if (running >= slots.count) {
    slots.isSeen ||= running > 1;
    slots.doubts = 0;
    return;
  }
  if (times.insideMs < LEAST_WAIT_MS || running === position) return;
  if (!follows && times.insideMs < 1000 + 4 * times.aheadMs) return;
  if (slots.doubts === 0) slots.mostSeen = running;
  slots.doubts += 1;
  slots.doubtedMs = nowMs;
  if (slots.doubts < MOST_DOUBTS) return;
  slots.count = Math.max(1, slots.mostSeen);
  slots.isSeen = true;
  slots.doubts = 0;
  slots.pauseMs = FIRST_PAUSE_MS;
  endTrial(slots, nowMs, FIRST_PAUSE_MS);
}

/** Another model of the same backend has learned its number: a backend has one for all, unless a model's own shows otherwise. */
export function followSibling(slots: Slots, count: number): void {
  if (slots.kind === 'learned' && !slots.isSeen) slots.count = count;
}

/** Forgets learned slots; called when the backend is gone. */
export function forgetSlots(slots: Slots): void {
  if (slots.kind !== 'learned') return;
  Object.assign(slots, learnedSlots(slots.stated));
}

function isProven({ startedMs }: Trial, nowMs: number): boolean {
  return startedMs !== undefined && nowMs - startedMs >= PROOF_MS;
}

function acceptTrial(slots: Slots): void {
  slots.count += 1;
  slots.isSeen = true;
  slots.trial = undefined;
  slots.pauseMs = FIRST_PAUSE_MS;
}

function failTrial(slots: Slots, nowMs: number): void {
  endTrial(slots, nowMs, slots.pauseMs);
  slots.pauseMs = Math.min(slots.pauseMs * 2, LONGEST_PAUSE_MS);
}

function endTrial(slots: Slots, nowMs: number, pauseMs: number): void {
  slots.trial = undefined;
  slots.nextTrialMs = nowMs + pauseMs;
}
