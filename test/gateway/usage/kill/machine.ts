import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Ticks of the clock a second, in /proc. */
const TICKS = 100;

/** The time that all processors have spent on work so far, ms. */
export function busyMs(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] =
    readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.trim().split(/ +/).slice(1).map(Number) ?? [];
  return ((user + nice + system + irq + softirq + steal) * 1000) / TICKS;
}

/** The time that a process has spent on work so far, ms. */
export function workedMs(pid: number): number {
  const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}

/** The share of the machine, 0 to 1, that others had in a time. */
export function othersShare(busyOfAllMs: number, workedByUsMs: number, forMs: number): number {
  return Math.max(0, busyOfAllMs - workedByUsMs) / (forMs * availableParallelism());
}
