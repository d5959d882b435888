import { applyPlan } from '../../apply/apply.ts';
import type { Config } from '../../config/config.ts';
import { hostProblems } from '../../config/requirements.ts';
import { randomId } from '../../core/id.ts';
import type { PhaseReport, PhaseTools } from '../../core/phase.ts';
import { ok, type Problem, type Result } from '../../core/problem.ts';
import { timestampOf } from '../../core/timestamp.ts';
import { failsPhase, type CheckResult } from '../../core/verdict.ts';
import { countChanges, rollbackCommand } from '../../plan/plan.ts';
import type { Bundle, Shipping } from '../../render/release.ts';
import { auditOf } from './host/audit.ts';
import { openHost } from './host/open-host.ts';
import { untilClosed, type Held } from './host/until-closed.ts';
import { resolveMasterKey } from './master-key.ts';
import { prepareHost, type Prepared, type PrepareOptions } from './prepare.ts';
import type { RollbackRequest } from './rollback/target.ts';
import { blockedResults, dropInResults, showPlan, questionFor } from './show-plan.ts';
import { summarize } from './summary.ts';
import { keepForeign, notePutBack } from './taken-over.ts';

/** The options of a run. */
export interface EnforceOptions {
  readonly dryRun: boolean;
  readonly takeOver: boolean;
  /** A host with a newer release gets this one. */
  readonly allowDowngrade: boolean;
  /** Runtimes on the hosts are hashed also where nothing differs. */
  readonly verify: boolean;
  /** Goes back to an earlier deployment, with the keys that the host has, instead of deploying the configuration. */
  readonly rollback?: RollbackRequest;
}

/** Plans the changes of every host, shows the plans, asks, and applies them host by host. A dry run stops after the plans. */
export async function runEnforce(
  config: Config,
  shipping: Shipping,
  options: EnforceOptions,
  tools: PhaseTools,
): Promise<PhaseReport> {
  return untilClosed(tools, (held) => enforce(config, shipping, options, tools, held));
}

async function enforce(
  config: Config,
  shipping: Shipping,
  options: EnforceOptions,
  tools: PhaseTools,
  held: Held,
): Promise<PhaseReport> {
  const { rollback } = options;
  const keys =
    rollback === undefined ? config.hosts.flatMap((host) => problemsIn([resolveMasterKey(host, options.dryRun)])) : [];
  const early = [...hostProblems(config), ...keys];
  if (early.length > 0) return close({ problems: early }, options, tools);
  const bundle = rollback === undefined ? await shipping.bundle() : ok(undefined);
  if (!bundle.ok) return close({ problems: bundle.problems }, options, tools);
  const results = await prepareAll(config, shipping, bundle.value, options, tools, held.opened);
  const prepared = results.flatMap((result) => (result.ok ? [result.value] : []));
  const problems = problemsIn(results);
  if (problems.length > 0 || tools.signal.aborted) return close({ prepared, problems }, options, tools);
  for (const one of prepared) showPlan(one, tools);
  const changes = prepared.reduce((sum, one) => sum + one.plan.steps.length, 0);
  if (options.dryRun || changes === 0) return close({ prepared }, options, tools);
  if (!(await tools.confirm({ question: questionFor(prepared) })))
    return close({ prepared, declined: true }, options, tools);
  return await applyAll(prepared, options, tools, held);
}

async function prepareAll(
  config: Config,
  shipping: Shipping,
  bundle: Bundle | undefined,
  options: EnforceOptions,
  tools: PhaseTools,
  opened: AsyncDisposableStack,
): Promise<readonly Result<Prepared>[]> {
  const { rollback } = options;
  const command = rollback === undefined ? 'hxllm enforce' : rollbackCommand(rollback.to, rollback.codeOnly);
  const nowMs = tools.nowMs();
  const stamps = { timestamp: timestampOf(nowMs), origin: originOf(tools.by, nowMs) };
  return Promise.all(
    config.hosts.map(async (hostConfig) => {
      const host = await openHost(hostConfig, command, !options.dryRun, tools, opened);
      if (!host.ok) return host;
      tools.recorder.event({ kind: 'progress', host: hostConfig.target.name, text: 'comparing' });
      return prepareHost(hostConfig, host.value, bundle, shipping, { ...options, ...stamps, tools });
    }),
  );
}

// A user's name may have an @, and a machine's has none.
function originOf(by = '', nowMs: number): PrepareOptions['origin'] {
  const at = by.lastIndexOf('@');
  const [who, from] = at < 0 ? [by, ''] : [by.slice(0, at), by.slice(at + 1)];
  return {
    at: new Date(nowMs).toISOString(),
    who: who === '' ? undefined : who,
    from: from === '' ? undefined : from,
  };
}

async function applyAll(
  prepared: readonly Prepared[],
  options: EnforceOptions,
  tools: PhaseTools,
  held: Held,
): Promise<PhaseReport> {
  const done = new Map<Prepared, readonly string[]>();
  for (const one of prepared) {
    const { recorder, signal, nowMs } = tools;
    if (one.plan.steps.length === 0) continue;
    await keepForeign(one, tools);
    const audit = auditOf(one.plan, { ...one.desired, record: one.record.id }, tools);
    held.changed(one.host, audit);
    const applied = await applyPlan(one.plan, one.host, {
      recorder,
      signal,
      nowMs,
      nonce: randomId(),
      record: one.record,
      audit,
    });
    done.set(one, applied.done);
    notePutBack(one, applied.done, tools);
    // A failure on one host would repeat on the next: stop, so that the whole fleet does not go down.
    if (applied.problems.length > 0) return close({ prepared, done, problems: applied.problems }, options, tools);
  }
  return close({ prepared, done }, options, tools);
}

/** The progress of a run at its end. */
interface End {
  readonly prepared?: readonly Prepared[];
  readonly problems?: readonly Problem[];
  readonly declined?: boolean;
  /** Ids of the steps that were carried out, by host. */
  readonly done?: ReadonlyMap<Prepared, readonly string[]>;
}

function close(end: End, { dryRun, rollback }: EnforceOptions, { recorder, signal }: PhaseTools): PhaseReport {
  const { prepared = [], problems = [], done = new Map<Prepared, readonly string[]>() } = end;
  for (const problem of problems) recorder.event({ kind: 'problem', problem });
  const blocked = dryRun ? prepared.flatMap((one) => blockedResults(one)) : [];
  for (const result of blocked) recorder.event({ kind: 'check', result });
  const results: readonly CheckResult[] = [...prepared.flatMap((one) => dropInResults(one)), ...blocked];
  const changesByHost = prepared.map((one) =>
    countChanges(dryRun ? one.plan.steps : one.plan.steps.filter((step) => done.get(one)?.includes(step.id) === true)),
  );
  const report: PhaseReport = {
    ending: signal.aborted ? 'aborted' : endingOf(end, results, dryRun),
    results,
    problems,
    changes: changesByHost.reduce((sum, count) => sum + count, 0),
  };
  recorder.file(
    'summary.txt',
    summarize(prepared, done, report, rollback === undefined ? 'enforce' : 'rollback', dryRun),
  );
  return report;
}

function endingOf(
  { prepared = [], problems = [], declined = false }: End,
  results: readonly CheckResult[],
  dryRun: boolean,
): PhaseReport['ending'] {
  if (problems.length > 0 || results.some(failsPhase)) return 'failed';
  if (declined) return 'declined';
  return dryRun && prepared.some((one) => one.plan.steps.length > 0) ? 'pending' : 'passed';
}

function problemsIn(results: readonly Result<unknown>[]): readonly Problem[] {
  return results.flatMap((result) => (result.ok ? [] : result.problems));
}
