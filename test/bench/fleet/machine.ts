import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The rest of a machine while something was measured. */
export interface Rest {
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  readonly idle: number;
}

const RESOLUTION_MS = 10;

/** Watches the event loop of this process and the machine's processors; the function ends it and returns what was seen. */
export function watchMachine(): () => Rest {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const before = processors();
  return () => {
    delay.disable();
    const now = processors();
    // The histogram holds whole intervals: the resolution is no delay.
    const late = (ns: number): number => Math.max(0, ns / 1e6 - RESOLUTION_MS);
    return {
      delayP99Ms: late(delay.percentile(99)),
      delayMaxMs: late(delay.max),
      idle: (100 * (now.idle - before.idle)) / Math.max(1, now.all - before.all),
    };
  };
}

/** Ticks of all processors since the start of the machine (proc_stat(5): user, nice, system, idle, iowait …). */
function processors(): { readonly all: number; readonly idle: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  return { all: ticks.reduce((sum, one) => sum + one, 0), idle: (ticks[3] ?? 0) + (ticks[4] ?? 0) };
}
