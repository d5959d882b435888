import { readFileSync } from 'node:fs';

const TICK_US = 10_000;

/** A process and all processes that it has started. */
export function processTree(pid: number): readonly number[] {
  const children = read(`/proc/${String(pid)}/task/${String(pid)}/children`)
    .split(' ')
    .filter((text) => text !== '');
  return [pid, ...children.flatMap((child) => processTree(Number(child)))];
}

/** CPU time that they have used, user and system, µs (proc_pid_stat(5); in steps of 10 ms each). */
export function cpuUs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = read(`/proc/${String(pid)}/stat`);
    // The name before stands in brackets and may hold any character; utime and stime are the 12th and 13th field after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_US;
  }, 0);
}

/** Memory of these processes, MiB: shared pages divided among them (PSS), or counted whole (RSS). */
export function memoryMiB(pids: readonly number[], which: 'Pss' | 'Rss'): number {
  return pids.reduce(
    (sum, pid) =>
      sum +
      Number(new RegExp(`^${which}: *(\\d+) kB`, 'm').exec(read(`/proc/${String(pid)}/smaps_rollup`))?.[1] ?? 0) / 1024,
    0,
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
