import type { Phase } from './fault.ts';

/** Limits of one attempt, ms; 0 is none. */
export interface Limits {
  readonly firstByteMs: number;
  readonly idleMs: number;
  /** From the attempt's beginning to its end. */
  readonly wholeMs: number;
}

/** Watches over one attempt: tells once, and which phase it was, when a limit has passed. */
export class Deadline {
  readonly #limits: Limits;
  readonly #onLate: (phase: Phase, limitMs: number) => void;
  readonly #whole: NodeJS.Timeout | undefined;
  #phase: NodeJS.Timeout | undefined;
  #flowing = false;

  constructor(limits: Limits, onLate: (phase: Phase, limitMs: number) => void) {
    this.#limits = limits;
    this.#onLate = onLate;
    this.#phase = this.#watch('first-byte', limits.firstByteMs);
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
    this.#phase = this.#watch('idle', this.#limits.idleMs);
  }

  stop(): void {
    clearTimeout(this.#phase);
    clearTimeout(this.#whole);
  }

  #watch(phase: Phase, limitMs: number): NodeJS.Timeout | undefined {
    if (limitMs === 0) return undefined;
    // Longer ones than a timer takes would be none.
    const timer = setTimeout(() => {
      this.stop();
      this.#onLate(phase, limitMs);
    }, Math.min(limitMs, 2_147_483_647));
    return timer;
  }
}
