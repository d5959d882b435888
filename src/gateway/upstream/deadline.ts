import type { Deployment, Timeouts } from '../../schema/gateway-config.ts';
import type { TimeoutPhase } from './exchange-failure.ts';

/** Time limits of one exchange, ms; 0 is none. */
export interface UpstreamLimits {
  readonly firstByteMs: number;
  readonly idleMs: number;
  /** From the start of the exchange to its end. */
  readonly wholeMs: number;
}

/** Silence after which a server is probed, ms. */
export const QUIET_MS = 15_000;

/** The limits of an exchange with a deployment; `spentMs` of its time have passed already. */
export function limitsOf(
  { firstByteMs, streamFirstByteMs, idleMs, wholeMs, totalMs }: Timeouts,
  stream: boolean,
  { timeoutMs, streamTimeoutMs }: Pick<Deployment, 'timeoutMs' | 'streamTimeoutMs'>,
  spentMs: number,
): UpstreamLimits {
  const most = stream ? totalMs : shorterLimit(timeoutMs ?? wholeMs, totalMs);
  return {
    firstByteMs: stream ? (streamTimeoutMs ?? streamFirstByteMs ?? timeoutMs ?? firstByteMs) : firstByteMs,
    idleMs,
    wholeMs: most === 0 ? 0 : Math.max(1, most - spentMs),
  };
}

/** The shorter of two limits, ms; 0 is none. */
function shorterLimit(a: number, b: number): number {
  return a === 0 ? b : b === 0 ? a : Math.min(a, b);
}

/** Gets the events of a deadline. */
export interface DeadlineListener {
  /** A limit has passed; nothing follows. */
  onLate(phase: TimeoutPhase, limitMs: number): void;
  /**
   * The server has been silent for {@link QUIET_MS}. The function that is returned is called when data comes, or the exchange ends.
   */
  onQuiet(): () => void;
}

/** Watches the time limits of one exchange, and reports once which phase exceeded its limit. */
export class Deadline {
  readonly #limits: UpstreamLimits;
  readonly #listener: DeadlineListener;
  #calm: (() => void) | undefined;
  readonly #whole: NodeJS.Timeout | undefined;
  #phase: NodeJS.Timeout | undefined;
  /** The phase that is watched now, and its limit. */
  #name: TimeoutPhase = 'first-byte';
  #limitMs = 0;
  #flowing = false;
  #over = false;

  constructor(limits: UpstreamLimits, listener: DeadlineListener) {
    this.#limits = limits;
    this.#listener = listener;
    this.#begin('first-byte', limits.firstByteMs);
    this.#whole = this.#watch('whole', limits.wholeMs);
  }

  /** A chunk of the response has come. */
  piece(): void {
    if (this.#over) return;
    if (this.#flowing && this.#calm === undefined) {
      this.#phase?.refresh();
      return;
    }
    this.#flowing = true;
    const { idleMs } = this.#limits;
    if (this.#calm === undefined && isLong(this.#limitMs) && isLong(idleMs)) {
      // The timer of the silence goes on for the next phase: a new one takes 0.4 µs.
      this.#name = 'idle';
      this.#limitMs = idleMs;
      this.#phase?.refresh();
      return;
    }
    this.#endPhase();
    this.#begin('idle', idleMs);
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#whole);
    this.#endPhase();
  }

  // One timer serves for silence first, then for the rest of the wait.
  #begin(phase: TimeoutPhase, limitMs: number): void {
    this.#name = phase;
    this.#limitMs = limitMs;
    if (!isLong(limitMs)) {
      this.#phase = this.#watch(phase, limitMs);
      return;
    }
    this.#phase = setTimeout(() => {
      this.#phase = this.#watch(this.#name, this.#limitMs, QUIET_MS);
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
    // A longer delay than setTimeout takes would fire at once.
    return setTimeout(
      () => {
        this.stop();
        this.#listener.onLate(phase, limitMs);
      },
      Math.min(limitMs - spentMs, 2_147_483_647),
    );
  }
}

/** Whether a server may be silent beyond {@link QUIET_MS}. */
function isLong(limitMs: number): boolean {
  return limitMs === 0 || limitMs > QUIET_MS;
}
