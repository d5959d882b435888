import type { Config } from '../../config/config.ts';
import { hostProblems } from '../../config/requirements.ts';
import { judgeAll } from '../../core/check.ts';
import type { PhaseReport, PhaseTools } from '../../core/phase.ts';
import type { Problem } from '../../core/problem.ts';
import { failsPhase, type CheckResult } from '../../core/verdict.ts';
import { checksFor } from './checks/index.ts';
import { askHost } from './ask-host.ts';

/** Asks all hosts all questions at once, judges the answers and changes nothing. A dead host does not hide the others. */
export async function runPreflight(config: Config, tools: PhaseTools): Promise<PhaseReport> {
  const problems: Problem[] = [...hostProblems(config)];
  const results: CheckResult[] = [];
  // All hosts at once, but reported in the order of the inventory.
  const inspections = config.hosts.map((host) => askHost(host, tools));
  void Promise.allSettled(inspections);
  for (const inspection of inspections) {
    const subject = await inspection;
    const judged = judgeAll(checksFor(subject.host.settings), subject, subject.host.target.name);
    for (const result of judged) tools.recorder.event({ kind: 'check', result });
    results.push(...judged);
    if (!subject.seen.reached) problems.push(subject.seen.problem);
  }
  // After Ctrl-C the problems of hosts that fell silent are no news.
  if (!tools.signal.aborted) for (const problem of problems) tools.recorder.event({ kind: 'problem', problem });
  return { ending: endingOf(results, problems, tools.signal), results, problems, changes: 0 };
}

function endingOf(
  results: readonly CheckResult[],
  problems: readonly Problem[],
  signal: AbortSignal,
): PhaseReport['ending'] {
  if (signal.aborted) return 'aborted';
  return problems.length > 0 || results.some(failsPhase) ? 'failed' : 'passed';
}
