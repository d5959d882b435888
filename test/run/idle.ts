import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** The time that all cores have had nothing to do since the machine started, and the time that has passed, ms. */
export interface IdleReading {
  readonly idleMs: number;
  readonly atMs: number;
}

/** The look of one moment is often chance; a lab that boots keeps its cores for seconds. */
const LOOK_MS = 1000;
/** Share of a core: another test file needs most of one. */
const ENOUGH = 0.6;
/** A look before each file would leave the core idle for half of the time. */
const LOOK_AGAIN_MS = 10_000;

/** Room for a second file beside `heavy`: whenever a core is idle, and always after it has ended. */
export function roomBeside(heavy: Promise<unknown>): (over: AbortSignal) => Promise<void> {
  let roomUntilMs = 0;
  const free = (): void => void (roomUntilMs = Number.POSITIVE_INFINITY);
  const ended = heavy.then(free, free);
  return async (over) => {
    if (performance.now() < roomUntilMs) return;
    await Promise.race([ended, untilCoreIdle(over)]);
    roomUntilMs = Math.max(roomUntilMs, performance.now() + LOOK_AGAIN_MS);
  };
}

/** Resolves as soon as the machine had most of a core left for a second, or with `over`. */
export async function untilCoreIdle(over: AbortSignal, read: () => IdleReading = readIdle): Promise<void> {
  let earlier = read();
  while (!over.aborted) {
    await sleep(LOOK_MS, undefined, { signal: over, ref: false }).catch(() => undefined);
    const now = read();
    if (idleCores(earlier, now) >= ENOUGH) return;
    earlier = now;
  }
}

/** The mean number of cores with nothing to do between two readings. */
export function idleCores(earlier: IdleReading, now: IdleReading): number {
  return (now.idleMs - earlier.idleMs) / Math.max(now.atMs - earlier.atMs, 1);
}

function readIdle(): IdleReading {
  return { idleMs: cpus().reduce((sum, { times }) => sum + times.idle, 0), atMs: performance.now() };
}
