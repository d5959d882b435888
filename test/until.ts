import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 10;

/** Waits for something to become so, looking again and again; fails with what was waited for when it does not within `withinMs`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 30_000,
): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await condition())) {
    assert.ok(performance.now() < endMs, `not within ${String(withinMs)} ms: ${what}`);
    await sleep(LOOK_EVERY_MS);
  }
}
