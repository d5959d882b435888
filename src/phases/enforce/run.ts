import type { Config } from '../../config/config.ts';
import { hostProblems } from '../../config/requirements.ts';
import { randomId } from '../../core/id.ts';
import { FORKS, mapInParallel } from '../../core/parallel.ts';
import type { PhaseReport, PhaseTools } from '../../core/phase.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { timestampOf } from '../../core/timestamp.ts';
import { failsPhase, type CheckResult } from '../../core/verdict.ts';
import { countChanges, rollbackCommand } from '../../plan/plan.ts';
import type { Bundle, Shipping } from '../../render/release.ts';
import { openHost } from './host/open-host.ts';
import { untilClosed, type Held, type OpenedHosts } from './host/until-closed.ts';
import { resolveMasterKey } from './master-key.ts';
import { uninspected } from './host/inspect.ts';
import { prepareHost, type Prepared, type PrepareOptions } from './prepare.ts';
import type { RollbackRequest } from './rollback/target.ts';
import { blockedResults, dropInResults, showPlan, questionFor } from './show-plan.ts';
import { summarize } from './summary.ts';
import { rollOut } from './roll-out.ts';
import { planDocument } from './saved/save.ts';
import type { UnsealedPlan } from './saved/document.ts';
import { judgeBefore, judgeHosts, type PlanToApply } from './saved/stale.ts';

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
  /** How many hosts are switched at once. */
  readonly serial?: number;
  /** With a dry run: keeps the plan. Returns the line that says where. */
  readonly save?: (plan: UnsealedPlan) => Promise<Result<string>>;
  /** A saved plan: it is applied as it is, or not at all. Its own options count. */
  readonly saved?: PlanToApply;
}

/**
 * Plans the changes of every host, shows the plans, asks, and applies them host by host. A dry run stops after the plans. A saved plan is
 * compared with the hosts first, and not asked about again.
 */
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
  const { rollback, saved, save } = options;
  const keys =
    rollback === undefined
      ? config.hosts.flatMap((host) => problemsIn([resolveMasterKey(host, lacksKey(options))]))
      : [];
  const early = [...hostProblems(config), ...keys];
  if (early.length > 0) return close({ problems: early }, options, tools);
  const bundle = rollback === undefined ? await shipping.bundle() : ok(undefined);
  if (!bundle.ok) return close({ problems: bundle.problems }, options, tools);
  const judged =
    saved === undefined || bundle.value === undefined ? undefined : judgeBefore(saved, config, bundle.value);
  if (judged?.ok === false) return close({ problems: judged.problems }, options, tools);
  const nowMs = tools.nowMs();
  const timestamp = saved?.plan.timestamp ?? timestampOf(nowMs);
  const results = await prepareAll(
    config,
    shipping,
    bundle.value,
    { ...options, timestamp, origin: originOf(tools.by, nowMs) },
    tools,
    held.opened,
  );
  const prepared = results.flatMap((result) => (result.ok ? [result.value] : []));
  const problems = problemsIn(results);
  if (problems.length > 0 || tools.signal.aborted) return close({ prepared, problems }, options, tools);
  const stale = saved === undefined ? [] : judgeHosts(saved, prepared, tools.nowMs());
  if (stale.length > 0) return close({ problems: stale }, options, tools);
  if (saved !== undefined && options.dryRun)
    tools.recorder.event({ kind: 'note', text: `${saved.file} still applies: nothing that it rests on has changed` });
  for (const one of prepared) showPlan(one, tools);
  if (save !== undefined && bundle.value !== undefined) {
    const kept = await save(
      planDocument(prepared, {
        bundle: bundle.value,
        options: { takeOver: options.takeOver, allowDowngrade: options.allowDowngrade },
        nowMs: tools.nowMs(),
        by: tools.by ?? 'hxllm',
        timestamp,
        salt: randomId(),
      }),
    );
    if (!kept.ok) return close({ prepared, problems: kept.problems }, options, tools);
    tools.recorder.event({ kind: 'note', text: kept.value });
  }
  const changes = prepared.reduce((sum, one) => sum + one.plan.steps.length, 0);
  if (options.dryRun || changes === 0) return close({ prepared }, options, tools);
  if (saved === undefined && !(await tools.confirm({ question: questionFor(prepared) })))
    return close({ prepared, declined: true }, options, tools);
  return close({ prepared, ...(await rollOut(prepared, options.serial ?? 1, tools, held)) }, options, tools);
}

/** A plan that is kept or applied needs every file. */
function lacksKey({ dryRun, save, saved }: EnforceOptions): boolean {
  return dryRun && save === undefined && saved === undefined;
}

async function prepareAll(
  config: Config,
  shipping: Shipping,
  bundle: Bundle | undefined,
  options: EnforceOptions & Pick<PrepareOptions, 'timestamp' | 'origin'>,
  tools: PhaseTools,
  opened: OpenedHosts,
): Promise<readonly Result<Prepared>[]> {
  const { save, saved, rollback } = options;
  const command = rollback === undefined ? 'hxllm enforce' : rollbackCommand(rollback.to, rollback.codeOnly);
  const all = { ...options, ...saved?.plan.options, lacksKey: lacksKey(options), tools };
  return mapInParallel(config.hosts, tools.forks ?? FORKS, async (hostConfig): Promise<Result<Prepared>> => {
    const host = await openHost(hostConfig, command, !options.dryRun, tools, opened);
    if (!host.ok) return host;
    tools.recorder.event({ kind: 'progress', host: hostConfig.target.name, text: 'comparing' });
    const prepared = await prepareHost(hostConfig, host.value, bundle, shipping, all);
    const needsIdentity = save !== undefined || saved !== undefined;
    return prepared.ok && needsIdentity && !prepared.value.identity.known
      ? fail(uninspected(hostConfig.target.name, prepared.value.identity))
      : prepared;
  });
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
