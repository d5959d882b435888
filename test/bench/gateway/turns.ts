import { writeFileSync } from 'node:fs';

/**
 * Loaded into the gateway by `--import`: on SIGUSR2 it writes to `turn.txt`, in the folder where it runs, the most CPU time that one turn of
 * the event loop took since the last signal, ms. Other processes do not change this time, unlike that of a request.
 */
let longestUs = 0;
let last = process.threadCpuUsage();

function turn(): void {
  const { user, system } = process.threadCpuUsage(last);
  last = process.threadCpuUsage();
  longestUs = Math.max(longestUs, user + system);
  setImmediate(turn);
}

setImmediate(turn);
process.on('SIGUSR2', () => {
  writeFileSync('turn.txt', (longestUs / 1000).toFixed(0));
  longestUs = 0;
});
