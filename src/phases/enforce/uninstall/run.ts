import { applyPlan } from '../../../apply/apply.ts';
import { pathsOf, type Config, type HostConfig } from '../../../config/config.ts';
import { hostProblems } from '../../../config/requirements.ts';
import { randomId } from '../../../core/id.ts';
import { FORKS, mapInParallel } from '../../../core/parallel.ts';
import type { PhaseReport, PhaseTools } from '../../../core/phase.ts';
import { ok, type Problem, type Result } from '../../../core/problem.ts';
import { planUninstall, type UninstallPlan } from '../../../plan/uninstall.ts';
import { auditOf } from '../host/audit.ts';
import { inspectHost } from '../host/inspect.ts';
import { planEvent } from '../host/plan-event.ts';
import { openHost, type HostAccess } from '../host/open-host.ts';
import { untilClosed, type Held, type OpenedHosts } from '../host/until-closed.ts';
import { summarizeUninstall } from './summary.ts';

/** How to uninstall: only show the steps; leave keys, usage and all else that the gateways have stored. */
export interface UninstallOptions {
  readonly dryRun: boolean;
  readonly keepData?: boolean;
}

/** A host with the plan that removes hxllm from it. */
interface Prepared extends UninstallPlan, HostAccess {
  readonly config: HostConfig;
}

/** Shows what hxllm installed on every host, asks, and removes it. Notes what it leaves; a second run finds nothing to remove. */
export async function runUninstall(config: Config, options: UninstallOptions, tools: PhaseTools): Promise<PhaseReport> {
  return untilClosed(tools, (held) => uninstall(config, options, tools, held));
}

async function uninstall(
  config: Config,
  options: UninstallOptions,
  tools: PhaseTools,
  held: Held,
): Promise<PhaseReport> {
  const early = hostProblems(config);
  if (early.length > 0) return close(tools, 'failed', early, 0);
  const results = await mapInParallel(config.hosts, tools.forks ?? FORKS, (host) =>
    prepareHost(host, options, tools, held.opened),
  );
  const problems = results.flatMap((result): readonly Problem[] => (result.ok ? [] : result.problems));
  const prepared = results.flatMap((result) => (result.ok ? [result.value] : []));
  if (problems.length > 0 || tools.signal.aborted) return close(tools, 'failed', problems, 0);
  for (const one of prepared) showPlan(one, tools);
  const planned = prepared.reduce((sum, one) => sum + one.plan.steps.length, 0);
  if (options.dryRun || planned === 0) return close(tools, planned === 0 ? 'passed' : 'pending', [], planned);
  const names = prepared.filter((one) => one.plan.steps.length > 0).map((one) => one.host.name);
  if (!(await tools.confirm({ question: `Remove hxllm from ${names.join(', ')}?` })))
    return close(tools, 'declined', [], 0);
  return await applyAll(prepared, tools, held);
}

async function prepareHost(
  config: HostConfig,
  { dryRun, keepData = false }: UninstallOptions,
  tools: PhaseTools,
  opened: OpenedHosts,
): Promise<Result<Prepared>> {
  const access = await openHost(config, 'hxllm uninstall', !dryRun, tools, opened);
  if (!access.ok) return access;
  const { settings } = config;
  const state = await inspectHost(access.value.host, config, tools);
  if (!state.ok) return state;
  const removal = planUninstall(settings, pathsOf(settings), state.value, { keepData });
  const dropIns = state.value.dropIns
    .filter(({ path, unit }) => path.includes(`/${unit}.d/`))
    .map(({ path }) => `${path}: a drop-in of the operator`);
  return ok({ config, ...access.value, ...removal, left: [...removal.left, ...dropIns] });
}

function showPlan({ host, plan, left, stays }: Prepared, { recorder }: PhaseTools): void {
  if (plan.steps.length === 0)
    recorder.event({
      kind: 'note',
      host: host.name,
      text: stays ? 'hxllm has nothing more to remove here' : 'hxllm has installed nothing here',
    });
  else recorder.event(planEvent(host.name, plan));
  if (left.length > 0) recorder.event({ kind: 'note', host: host.name, text: ['left as it is:', ...left].join('\n') });
}

async function applyAll(prepared: readonly Prepared[], tools: PhaseTools, held: Held): Promise<PhaseReport> {
  const { recorder, signal, nowMs } = tools;
  let changes = 0;
  for (const one of prepared.filter(({ plan }) => plan.steps.length > 0)) {
    const { settings } = one.config;
    const audit = auditOf(one.plan, { settings, paths: pathsOf(settings), record: one.record.id }, tools);
    held.changed(one.host, audit);
    const applied = await applyPlan(one.plan, one.host, {
      recorder,
      signal,
      nowMs,
      nonce: randomId(),
      record: one.record,
      audit,
    });
    changes += applied.done.length;
    if (applied.problems.length > 0) return close(tools, 'failed', applied.problems, changes);
    recorder.event({ kind: 'note', host: one.host.name, text: openWebUiNote(one.config) });
  }
  return close(tools, 'passed', [], changes);
}

function openWebUiNote({ settings }: HostConfig): string {
  const urls = (settings.backends ?? []).map((backend) => backend.url);
  return [
    'to connect Open WebUI to Ollama without hxllm, in Admin Settings, Connections:',
    `remove the connection to port ${String(settings.port)} (OpenAI or Ollama API)`,
    `add under Ollama API: ${urls.length === 0 ? 'the URL of each Ollama server' : urls.join(', ')}`,
  ].join('\n');
}

function close(
  { recorder, signal }: PhaseTools,
  ending: PhaseReport['ending'],
  problems: readonly Problem[],
  changes: number,
): PhaseReport {
  for (const problem of problems) recorder.event({ kind: 'problem', problem });
  const report: PhaseReport = { ending: signal.aborted ? 'aborted' : ending, results: [], problems, changes };
  recorder.file('summary.txt', summarizeUninstall(report));
  return report;
}
