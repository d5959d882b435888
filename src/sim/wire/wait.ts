import { setImmediate, setTimeout } from 'node:timers/promises';
import { Gone } from './refusal.ts';
import { nowMs } from './time.ts';

/** Waits `ms`. Throws {@link Gone} as soon as the signal aborts. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  try {
    if (ms > 0) await setTimeout(ms, undefined, { signal });
    else await setImmediate(undefined, { signal });
  } catch {
    throw new Gone();
  }
}

/** Waits until the signal aborts, then throws {@link Gone}. */
export async function waitForEnd(signal: AbortSignal): Promise<never> {
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  throw new Gone();
}

/** Steps of even length. A late step does not delay the next ones. */
export class Pace {
  readonly #stepMs: number;
  #due = nowMs();

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  async next(signal: AbortSignal): Promise<void> {
    this.#due = Math.max(this.#due + this.#stepMs, nowMs() - this.#stepMs);
    await wait(this.#due - nowMs(), signal);
  }
}
