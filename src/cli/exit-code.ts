import type { PhaseReport } from '../core/phase.ts';
import type { Problem } from '../core/problem.ts';

/** What the program's exit codes mean; from 64 on those of sysexits.h. */
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

// Of several problems the one that says most about what to do first decides.
const GRAVEST_FIRST: readonly number[] = [EXIT.bug, EXIT.usage, EXIT.config, EXIT.denied, EXIT.unreachable];

/** The exit code of problems; 1 where none of them has a code of its own. */
export function exitCodeOfProblems(problems: readonly Problem[]): number {
  const codes = new Set(problems.map(({ code }) => BY_FIRST_WORD.get(code.split('.')[0] ?? '')));
  return GRAVEST_FIRST.find((code) => codes.has(code)) ?? EXIT.failed;
}

/** The exit code of a phase that came to its end. `detailed`: pending differences are 2 instead of 0. */
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
