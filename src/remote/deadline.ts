import type { CallOptions, Command } from '../core/host.ts';
import type { Problem } from '../core/problem.ts';
import { shellLine } from '../core/shell.ts';

/** When a call must end: because the caller says so, or because its time is over. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** What to say once `signal` has fired; `what` is what was going on: `running 'df -P'`. */
  problem(host: string, what: string): Problem;
}

/** Combines the caller's signal with a time limit. */
export function deadlineOf(options: CallOptions): Deadline {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
  return {
    signal,
    problem: (host, what) =>
      options.signal.aborted ? abortedProblem(host, what) : timeoutProblem(host, what, options.timeoutMs),
  };
}

function abortedProblem(host: string, what: string): Problem {
  return {
    code: 'host.aborted',
    summary: `${host}: stopped while ${what}`,
    detail:
      'It was interrupted from here; what had been started on the host was told to end, but may still be running.',
    fix: 'Run the same command again.',
    where: { host },
  };
}

function timeoutProblem(host: string, what: string, timeoutMs: number): Problem {
  return {
    code: 'host.timeout',
    summary: `${host}: no end within ${String(timeoutMs / 1000)} s while ${what}`,
    detail: `Wanted an answer within ${String(timeoutMs / 1000)} s; the host gave none. What had been started there was told to end, but may still be running.`,
    fix: `ssh ${host} uptime`,
    where: { host },
  };
}

/** A command as people recognise it, in a few words. Arguments never hold secrets. */
export function describeCommand({ argv, title }: Command): string {
  if (title !== undefined) return `at “${title}”`;
  // Of a script of ours nobody recognises the beginning.
  if (argv[1] === '-c' || argv[1] === '-s') return `running a ${argv[0] ?? ''} script`;
  const line = shellLine(argv).replaceAll(/\s+/g, ' ');
  return `running ${line.length > 60 ? `${line.slice(0, 59)}…` : line}`;
}
