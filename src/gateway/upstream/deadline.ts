import type { TimeoutPhase } from './exchange-failure.ts';

/** Limits of one attempt, ms; 0 is none. */
export interface UpstreamLimits {
  readonly firstByteMs: number;
  readonly idleMs: number;
  /** From the attempt's beginning to its end. */
  readonly wholeMs: number;
}

/** A server that has said nothing for so long is asked whether it lives. */
export const QUIET_MS = 15_000;

/** Who is told of an attempt's time. */
export interface DeadlineListener {
  /** A limit has passed; nothing follows. */
  onLate(phase: TimeoutPhase, limitMs: number): void;
  /** Nothing has come for long, though it may yet; what this gives is called when something does, or nobody waits any more. */
  onQuiet(): () => void;
}

/** Watches over one attempt: tells once, and which phase it was, when a limit has passed. */
export class Deadline {
  readonly #limits: UpstreamLimits;
  readonly #listener: DeadlineListener;
  #calm: (() => void) | undefined;
  readonly #whole: NodeJS.Timeout | undefined;
  #phase: NodeJS.Timeout | undefined;
  #flowing = false;
  #over = false;

  constructor(limits: UpstreamLimits, listener: DeadlineListener) {
    this.#limits = limits;
    this.#listener = listener;
    this.#begin('first-byte', limits.firstByteMs);
    this.#whole = this.#watch('whole', limits.wholeMs);
  }

  /** A piece of the answer has come. */
  piece(): void {
    if (this.#over) return;
    if (this.#flowing && this.#calm === undefined) {
      this.#phase?.refresh();
      return;
    }
    this.#flowing = true;
    this.#endPhase();
    this.#begin('idle', this.#limits.idleMs);
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#whole);
    this.#endPhase();
  }

  // The first part of a long wait is one for quiet, so that one timer does for both.
  #begin(phase: TimeoutPhase, limitMs: number): void {
    if (limitMs > 0 && limitMs <= QUIET_MS) {
      this.#phase = this.#watch(phase, limitMs);
      return;
    }
    this.#phase = setTimeout(() => {
      this.#phase = this.#watch(phase, limitMs, QUIET_MS);
      this.#calm = this.#listener.onQuiet();
    }, QUIET_MS);
  }

  #endPhase(): void {
    clearTimeout(this.#phase);
    this.#calm?.();
    this.#calm = undefined;
  }

  #watch(phase: TimeoutPhase, limitMs: number, spentMs = 0): NodeJS.Timeout | undefined {
    if (limitMs === 0) return undefined;
    // Longer ones than a timer takes would be none.
    return setTimeout(
      () => {
        this.stop();
        this.#listener.onLate(phase, limitMs);
      },
      Math.min(limitMs - spentMs, 2_147_483_647),
    );
  }
}
