import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fail, ok, type Result } from '../../src/core/problem.ts';

const FILE = '/run/hxllm-lab.lease';

/** The right to change the lab, held by one process at a time. */
export interface Lease {
  release(): void;
}

/** Takes the lease, also from a holder that has died. Problem: `lab.busy`. */
export function takeLease(): Result<Lease> {
  const own = identify(process.pid) ?? '';
  for (;;) {
    try {
      writeFileSync(FILE, own, { flag: 'wx' });
      return ok({ release: () => rmSync(FILE, { force: true }) });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = readHolder();
    if (holder === own) return ok({ release: () => undefined });
    const [pid = '', ...rest] = holder.split(' ');
    if (identify(Number(pid)) === holder) {
      return fail({
        code: 'lab.busy',
        summary: 'another process is using the lab',
        detail: `expected the lab to be free, found process ${pid}, started at tick ${rest.join(' ')}: ${commandOf(pid)}`,
        fix: `wait for it to end, or kill ${pid}`,
      });
    }
    rmSync(FILE, { force: true });
  }
}

/** A process's id with its start time, since ids are reused; `undefined` if it does not run. */
function identify(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // proc(5): the start time is field 22; the name before field 3 may hold spaces and brackets.
    return `${String(pid)} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
  } catch {
    return undefined;
  }
}

function readHolder(): string {
  try {
    return readFileSync(FILE, 'utf8');
  } catch {
    return '';
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return 'it has just ended';
  }
}
