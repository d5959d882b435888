import type { PhaseReport } from '../core/phase.ts';
import type { Problem } from '../core/problem.ts';

/** The exit codes of the program; from 64 on those of sysexits.h. */
export const EXIT = {
  ok: 0,
  failed: 1,
  pending: 2,
  usage: 64,
  unreachable: 69,
  bug: 70,
  denied: 77,
  config: 78,
  interrupted: 130,
} as const;

const BY_FIRST_WORD: ReadonlyMap<string, number> = new Map([
  ['usage', EXIT.usage],
  ['host', EXIT.unreachable],
  ['bug', EXIT.bug],
  ['permission', EXIT.denied],
  ['config', EXIT.config],
  ['inventory', EXIT.config],
  ['vault', EXIT.config],
  ['variables', EXIT.config],
]);

// Of several problems, the one that has to be fixed first decides.
const GRAVEST_FIRST: readonly number[] = [EXIT.bug, EXIT.usage, EXIT.config, EXIT.denied, EXIT.unreachable];

/** The exit code of problems; 1 if none of them has an exit code of its own. */
export function exitCodeOfProblems(problems: readonly Problem[]): number {
  const codes = new Set(problems.map(({ code }) => BY_FIRST_WORD.get(code.split('.')[0] ?? '')));
  return GRAVEST_FIRST.find((code) => codes.has(code)) ?? EXIT.failed;
}

/** The exit code of a finished phase. `detailed`: pending changes are 2 instead of 0. */
export function exitCodeOfPhase(report: Pick<PhaseReport, 'ending' | 'problems'>, detailed: boolean): number {
  switch (report.ending) {
    case 'passed':
      return EXIT.ok;
    case 'pending':
      return detailed ? EXIT.pending : EXIT.ok;
    case 'declined':
      return EXIT.failed;
    case 'aborted':
      return EXIT.interrupted;
    case 'failed':
      return exitCodeOfProblems(report.problems);
  }
}
