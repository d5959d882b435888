import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Loaded into the gateway by `--import`: on SIGUSR2 it writes to `loop.json`, in the folder where it runs, how late the timers of the event
 * loop were since the last signal, ms. Unlike `turns.ts` it lets the process sleep.
 */
const RESOLUTION_MS = 1;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();
process.on('SIGUSR2', () => {
  const late = (ns: number): number => Math.max(0, ns / 1e6 - RESOLUTION_MS);
  writeFileSync('loop.json', JSON.stringify({ p99: late(delays.percentile(99)), most: late(delays.max) }));
  delays.reset();
});
