import type { Phase } from './fault.ts';

/** Limits of one attempt, ms; 0 is none. */
export interface Limits {
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
  onLate(phase: Phase, limitMs: number): void;
  /** Nothing has come for long, though it may yet; what this gives is called when something does, or nobody waits any more. */
  onQuiet(): () => void;
}

/** Watches over one attempt: tells once, and which phase it was, when a limit has passed. */
export class Deadline {
  readonly #limits: Limits;
  readonly #listener: DeadlineListener;
  #calm: (() => void) | undefined;
  readonly #whole: NodeJS.Timeout | undefined;
  #phase: NodeJS.Timeout | undefined;
  #flowing = false;

  constructor(limits: Limits, listener: DeadlineListener) {
    this.#limits = limits;
    this.#listener = listener;
    this.#phase = limits.firstByteMs === 0 || limits.firstByteMs > QUIET_MS ? this.#quiet() : this.#watch('first-byte', limits.firstByteMs);
    this.#whole = this.#watch('whole', limits.wholeMs);
  }

  /** A piece of the answer has come. */
  piece(): void {
    if (this.#flowing) {
      this.#phase?.refresh();
      return;
    }
    this.#flowing = true;
    clearTimeout(this.#phase);
    this.#calm?.();
    this.#phase = this.#watch('idle', this.#limits.idleMs);
  }

  stop(): void {
    clearTimeout(this.#phase);
    clearTimeout(this.#whole);
    this.#calm?.();
  }

  // The first part of the wait for a first byte, so that one timer does for both.
  #quiet(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#phase = this.#watch('first-byte', this.#limits.firstByteMs, QUIET_MS);
      this.#calm = this.#listener.onQuiet();
    }, QUIET_MS);
  }

  #watch(phase: Phase, limitMs: number, spentMs = 0): NodeJS.Timeout | undefined {
    if (limitMs === 0) return undefined;
    // Longer ones than a timer takes would be none.
    const timer = setTimeout(() => {
      this.stop();
      this.#listener.onLate(phase, limitMs);
    }, Math.min(limitMs - spentMs, 2_147_483_647));
    return timer;
  }
}
