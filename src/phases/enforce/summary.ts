import { buildText } from '../../core/build.ts';
import type { PhaseReport } from '../../core/phase.ts';
import { placeOf } from '../../core/problem.ts';
import type { Prepared } from './prepare.ts';

/** The run as text, for the evidence. */
export function summarize(
  prepared: readonly Prepared[],
  done: ReadonlyMap<Prepared, readonly string[]>,
  { ending, problems, changes }: PhaseReport,
  name: string,
  dryRun: boolean,
): string {
  const hosts = prepared.flatMap((one) => [
    '',
    `${one.host.name}: release ${one.desired.release.id} (gateway ${buildText(one.desired.release.build)}, Node.js ${one.desired.release.runtime.version} ${one.desired.release.runtime.architecture})`,
    ...(one.plan.steps.length === 0 ? ['  no changes needed'] : []),
    ...one.plan.steps.map(
      (step) =>
        `  ${dryRun ? (step.blocked === undefined ? 'planned' : 'unknown') : done.get(one)?.includes(step.id) === true ? 'done   ' : 'not done'}  ${step.title}`,
    ),
  ]);
  const bad = problems.flatMap((problem) => [
    '',
    `problem ${problem.code}: ${[placeOf(problem.where), problem.summary].filter((part) => part !== '').join(': ')}`,
    ...problem.detail.split('\n').map((line) => `  ${line}`),
    `  fix: ${problem.fix}`,
  ]);
  return `${[`${name}${dryRun ? ' (dry run)' : ''}: ${ending}, ${String(changes)} ${dryRun ? 'changes planned' : 'changes applied'}`, ...hosts, ...bad].join('\n')}\n`;
}
