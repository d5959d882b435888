import { readFileSync } from 'node:fs';
import { kill } from 'node:process';
import { errorCode } from '../core/error.ts';

/** Ticks of the kernel's clock in a second, as Linux shows them to programs. */
const TICKS = 100;
/** The start of a process is known to a second, and a run starts a moment after its process. */
const SLACK_MS = 5000;

/** Whether the process of a run still runs on this machine: one with its id, which is no younger than the run. */
export function isRunning(pid: number, startedAtMs: number): boolean {
  try {
    kill(pid, 0);
  } catch (error) {
    // Another user's process answers EPERM.
    if (errorCode(error) !== 'EPERM') return false;
  }
  const bornMs = birthOf(pid);
  return bornMs === undefined || bornMs <= startedAtMs + SLACK_MS;
}

// proc(5): field 22 of /proc/PID/stat is the start in ticks after boot, whose time is btime in /proc/stat.
function birthOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const boot = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
    const bornMs = (boot + ticks / TICKS) * 1000;
    return Number.isFinite(bornMs) ? bornMs : undefined;
  } catch {
    // Not Linux, or a /proc that hides processes: the id alone decides.
    return undefined;
  }
}
