import { setImmediate as turn } from 'node:timers/promises';
import { slowness } from './working-time.ts';

/**
 * The most CPU time of this thread in one turn of its event loop while something goes on, in ms of a machine at rest: no other request is served
 * in it.
 */
export async function longestTurnOf(act: () => Promise<unknown>): Promise<number> {
  const over = new AbortController();
  const slow = slowness();
  let longestUs = 0;
  let last = process.threadCpuUsage();
  const watching = (async () => {
    while (!over.signal.aborted) {
      await turn();
      const { user, system } = process.threadCpuUsage(last);
      last = process.threadCpuUsage();
      longestUs = Math.max(longestUs, user + system);
    }
  })();
  try {
    await act();
  } finally {
    over.abort();
    await watching;
  }
  return longestUs / 1000 / Math.max(slow, slowness());
}
