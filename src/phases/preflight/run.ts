import type { Config } from '../../config/config.ts';
import { hostProblems } from '../../config/requirements.ts';
import { judgeAll, type Check } from '../../core/check.ts';
import { FORKS, startInParallel } from '../../core/parallel.ts';
import type { PhaseReport, PhaseTools } from '../../core/phase.ts';
import type { Problem } from '../../core/problem.ts';
import { failsPhase, type CheckResult } from '../../core/verdict.ts';
import { checksFor } from './checks/index.ts';
import { askHost } from './ask-host.ts';
import { selectChecks, unmatchedNames } from './selection.ts';
import type { HostFacts, PreflightCheck, PreflightSubject } from './subject.ts';

/**
 * Asks up to `forks` hosts at once all questions, judges the answers and changes nothing. A dead host does not hide the others. With `only`, it
 * judges these families and ids and the checks that they come after, and asks the questions of these alone.
 */
export async function runPreflight(
  config: Config,
  tools: PhaseTools,
  { only }: { readonly only?: readonly string[] | undefined } = {},
): Promise<PhaseReport> {
  const every = config.hosts.flatMap(({ settings }) => checksFor(settings));
  const problems: Problem[] = [
    ...hostProblems(config),
    ...(config.hosts.length === 0 || only === undefined ? [] : unmatchedNames(every, only)),
  ];
  const results: CheckResult[] = [];
  // Many hosts at once, but reported in the order of the inventory.
  const inspections = startInParallel(config.hosts, tools.forks ?? FORKS, async (host) => {
    const checks = selectChecks(checksFor(host.settings), only);
    return { checks, subject: await askHost(host, checks, tools) };
  });
  void Promise.allSettled(inspections);
  for (const inspection of inspections) {
    const { checks, subject } = await inspection;
    const judged = judgeAll(checks.map(withItsFacts), subject, subject.host.target.name);
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
  // A skipped check of severity error has not passed, whatever the severity of its cause.
  const isOpen = ({ severity, outcome }: CheckResult): boolean => severity === 'error' && outcome === 'skip';
  return problems.length > 0 || results.some((result) => failsPhase(result) || isOpen(result)) ? 'failed' : 'passed';
}

// A check that uses a fact without naming its question fails alike in a full run and under --only.
function withItsFacts(check: PreflightCheck): Check<PreflightSubject> {
  const { asks } = check;
  if (asks === undefined) return check;
  return {
    ...check,
    judge: (subject) => {
      if (!subject.seen.reached) return check.judge(subject);
      const facts = Object.fromEntries(
        asks.map((name) => [name, subject.seen.reached ? subject.seen.facts[name] : undefined]),
      );
      // Judges treat a fact that is missing as one that was not asked.
      return check.judge({ ...subject, seen: { ...subject.seen, facts: facts as HostFacts } });
    },
  };
}
