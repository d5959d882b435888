import type { CallOptions, Command } from './host.ts';
import type { Problem } from './problem.ts';
import { shellLine } from './shell.ts';

/** The end of a call: the caller's abort or a timeout. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** The Problem after `signal` has aborted. `what` is the activity: `running 'df -P'`. */
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
    summary: `${host}: interrupted while ${what}`,
    detail: 'You interrupted it. The command on the host was told to end, but may still be running.',
    fix: 'Run the same command again.',
    where: { host },
  };
}

function timeoutProblem(host: string, what: string, timeoutMs: number): Problem {
  return {
    code: 'host.timeout',
    summary: `${host}: timed out after ${String(timeoutMs / 1000)} s while ${what}`,
    detail: `Expected an answer within ${String(timeoutMs / 1000)} s, found none. The command on the host was told to end, but may still be running.`,
    fix: `ssh ${host} uptime`,
    where: { host },
  };
}

/** A command in a few words, for messages. Arguments never contain secrets. */
export function describeCommand({ argv, title }: Command): string {
  if (title !== undefined) return `running “${title}”`;
  // The first words of an inline script mean nothing to users.
  if (argv[1] === '-c' || argv[1] === '-s') return `running a ${argv[0] ?? ''} script`;
  const line = shellLine(argv).replaceAll(/\s+/g, ' ');
  return `running ${line.length > 60 ? `${line.slice(0, 59)}…` : line}`;
}
