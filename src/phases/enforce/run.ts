import { applyPlan } from '../../apply/apply.ts';
import { becomeOf, type Config } from '../../config/config.ts';
import { hostProblems } from '../../config/lacking.ts';
import type { PhaseReport, PhaseTools } from '../../core/phase.ts';
import type { Problem, Result } from '../../core/problem.ts';
import { timestampOf } from '../../core/timestamp.ts';
import type { CheckResult } from '../../core/verdict.ts';
import { countChanges } from '../../plan/plan.ts';
import type { Bundle, Shipping } from '../../render/release.ts';
import { openHost } from './hosts.ts';
import { keyInHand } from './key.ts';
import { prepareHost, type Prepared } from './prepare.ts';
import { blockedResults, proposePlan, questionFor } from './proposal.ts';
import { summarize } from './summary.ts';
import { keepForeign, notePutBack } from './taken-over.ts';

/** How a run is meant. */
export interface EnforceOptions {
  readonly dryRun: boolean;
  readonly takeOver: boolean;
}

/** Compares every host with what is wanted, shows the plan, asks, and carries it out host by host. A dry run stops after the plan. */
export async function runEnforce(config: Config, shipping: Shipping, options: EnforceOptions, tools: PhaseTools): Promise<PhaseReport> {
  await using opened = new AsyncDisposableStack();
  const keys = config.hosts.flatMap((host) => problemsIn([keyInHand(host, options.dryRun)]));
  const early = [...hostProblems(config), ...keys];
  if (early.length > 0) return close(tools, options, [], early);
  const bundle = await shipping.bundle();
  if (!bundle.ok) return close(tools, options, [], bundle.problems);
  const results = await prepareAll(config, shipping, bundle.value, options, tools, opened);
  const prepared = results.flatMap((result) => (result.ok ? [result.value] : []));
  const problems = problemsIn(results);
  if (problems.length > 0 || tools.signal.aborted) return close(tools, options, prepared, problems);
  for (const one of prepared) proposePlan(one, tools);
  const changes = prepared.reduce((sum, one) => sum + one.plan.steps.length, 0);
  if (options.dryRun || changes === 0) return close(tools, options, prepared, []);
  if (!(await tools.confirm({ question: questionFor(prepared) }))) return close(tools, options, prepared, [], 'declined');
  return await applyAll(prepared, options, tools);
}

async function prepareAll(config: Config, shipping: Shipping, bundle: Bundle, options: EnforceOptions, tools: PhaseTools, opened: AsyncDisposableStack): Promise<readonly Result<Prepared>[]> {
  const timestamp = timestampOf(tools.nowMs());
  return Promise.all(
    config.hosts.map(async (hostConfig) => {
      const host = await openHost(hostConfig, !options.dryRun, tools, opened);
      if (!host.ok) return host;
      tools.recorder.event({ kind: 'progress', host: hostConfig.target.name, text: 'comparing' });
      return prepareHost(hostConfig, host.value, bundle, shipping, { ...options, timestamp, signal: tools.signal });
    }),
  );
}

async function applyAll(prepared: readonly Prepared[], options: EnforceOptions, tools: PhaseTools): Promise<PhaseReport> {
  const done = new Map<Prepared, readonly string[]>();
  for (const one of prepared) {
    const { recorder, signal, nowMs } = tools;
    if (one.plan.steps.length === 0) continue;
    await keepForeign(one, tools);
    const applied = await applyPlan(one.plan, one.host, { become: becomeOf(one.wanted.settings), recorder, signal, nowMs, nonce: crypto.randomUUID(), claim: one.claim });
    done.set(one, applied.done);
    notePutBack(one, applied.done, tools);
    // What fails on one host would fail on the next; the fleet is not taken down one by one.
    if (applied.problems.length > 0) return close(tools, options, prepared, applied.problems, undefined, done);
  }
  return close(tools, options, prepared, [], undefined, done);
}

function close(
  { recorder, signal }: PhaseTools,
  options: EnforceOptions,
  prepared: readonly Prepared[],
  problems: readonly Problem[],
  declined?: 'declined',
  done: ReadonlyMap<Prepared, readonly string[]> = new Map(),
): PhaseReport {
  for (const problem of problems) recorder.event({ kind: 'problem', problem });
  const results: readonly CheckResult[] = options.dryRun ? prepared.flatMap((one) => blockedResults(one)) : [];
  for (const result of results) recorder.event({ kind: 'check', result });
  const planned = prepared.reduce((sum, one) => sum + countChanges(one.plan.steps), 0);
  const applied = prepared.reduce((sum, one) => sum + countChanges(one.plan.steps.filter((step) => done.get(one)?.includes(step.id) === true)), 0);
  const ending = endingOf({ aborted: signal.aborted, failed: problems.length > 0 || results.length > 0, declined, pending: options.dryRun && prepared.some((one) => one.plan.steps.length > 0) });
  const report: PhaseReport = { ending, results, problems, changes: options.dryRun ? planned : applied };
  recorder.file('summary.txt', summarize(prepared, done, report, options.dryRun));
  return report;
}

function endingOf(run: { readonly aborted: boolean; readonly failed: boolean; readonly declined: 'declined' | undefined; readonly pending: boolean }): PhaseReport['ending'] {
  if (run.aborted) return 'aborted';
  if (run.failed) return 'failed';
  return run.declined ?? (run.pending ? 'pending' : 'passed');
}

function problemsIn(results: readonly Result<unknown>[]): readonly Problem[] {
  return results.flatMap((result) => (result.ok ? [] : result.problems));
}
