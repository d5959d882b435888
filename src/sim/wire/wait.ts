import { setImmediate, setTimeout } from 'node:timers/promises';
import { Gone } from './refusal.ts';

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
