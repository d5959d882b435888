import { applyPlan } from '../../apply/apply.ts';
import { becomeOf, pathsOf, type Config, type HostConfig } from '../../config/config.ts';
import { hostProblems } from '../../config/requirements.ts';
import type { PhaseReport, PhaseTools } from '../../core/phase.ts';
import { ok, type Problem, type Result } from '../../core/problem.ts';
import { planUninstall, type UninstallPlan } from '../../plan/uninstall.ts';
import { openHost, type HostAccess } from './open-host.ts';
import { inspectHost } from './inspect.ts';

interface PlannedUninstall extends UninstallPlan, HostAccess {
  readonly config: HostConfig;
}

/** Removes from every host what hxllm put there, after showing and asking, and says what it leaves. A second run finds nothing to do. */
export async function runUninstall(
  config: Config,
  options: { readonly dryRun: boolean },
  tools: PhaseTools,
): Promise<PhaseReport> {
  await using opened = new AsyncDisposableStack();
  const early = hostProblems(config);
  if (early.length > 0) return end(tools, 'failed', early, 0);
  const results = await Promise.all(config.hosts.map((host) => planFor(host, options.dryRun, tools, opened)));
  const problems = results.flatMap((result): readonly Problem[] => (result.ok ? [] : result.problems));
  const found = results.flatMap((result) => (result.ok ? [result.value] : []));
  if (problems.length > 0 || tools.signal.aborted) return end(tools, 'failed', problems, 0);
  for (const one of found) showPlan(one, tools);
  const planned = found.reduce((sum, one) => sum + one.plan.steps.length, 0);
  if (options.dryRun || planned === 0) return end(tools, planned === 0 ? 'passed' : 'pending', [], planned);
  const names = found.filter((one) => one.plan.steps.length > 0).map((one) => one.host.name);
  if (!(await tools.confirm({ question: `Remove hxllm from ${names.join(', ')}?` })))
    return end(tools, 'declined', [], 0);
  return await uninstallAll(found, tools);
}

async function planFor(
  config: HostConfig,
  dryRun: boolean,
  tools: PhaseTools,
  opened: AsyncDisposableStack,
): Promise<Result<PlannedUninstall>> {
  const at = await openHost(config, !dryRun, tools, opened);
  if (!at.ok) return at;
  const state = await inspectHost(at.value.host, config.settings, tools.signal);
  return state.ok
    ? ok({ config, ...at.value, ...planUninstall(config.settings, pathsOf(config.settings), state.value.installation) })
    : state;
}

function showPlan({ host, plan, left }: PlannedUninstall, { recorder }: PhaseTools): void {
  if (plan.steps.length === 0) recorder.event({ kind: 'note', host: host.name, text: 'nothing of hxllm is there' });
  for (const { id, title, detail } of plan.steps)
    recorder.event({ kind: 'step', host: host.name, id, title, state: 'planned', detail });
  if (left.length > 0)
    recorder.event({ kind: 'note', host: host.name, text: ['this is left as it is:', ...left].join('\n') });
}

async function uninstallAll(found: readonly PlannedUninstall[], tools: PhaseTools): Promise<PhaseReport> {
  const { recorder, signal, nowMs } = tools;
  let changes = 0;
  for (const one of found.filter(({ plan }) => plan.steps.length > 0)) {
    const applied = await applyPlan(one.plan, one.host, {
      become: becomeOf(one.config.settings),
      recorder,
      signal,
      nowMs,
      nonce: crypto.randomUUID(),
      lockToken: one.lockToken,
    });
    changes += applied.done.length;
    if (applied.problems.length > 0) return end(tools, 'failed', applied.problems, changes);
    recorder.event({ kind: 'note', host: one.host.name, text: directly(one.config) });
  }
  return end(tools, 'passed', [], changes);
}

function directly({ settings }: HostConfig): string {
  const urls = (settings.backends ?? []).map((backend) => backend.url);
  return `Open WebUI reaches Ollama without hxllm again: Admin Settings, Connections, remove the connection to port ${String(settings.port)}, OpenAI’s or Ollama’s, and add under Ollama API ${urls.length === 0 ? 'the URL of each Ollama server' : urls.join(', ')}`;
}

function end(
  { recorder, signal }: PhaseTools,
  ending: PhaseReport['ending'],
  problems: readonly Problem[],
  changes: number,
): PhaseReport {
  for (const problem of problems) recorder.event({ kind: 'problem', problem });
  const said = signal.aborted ? 'aborted' : ending;
  recorder.file(
    'summary.txt',
    `uninstall: ${said}, ${String(changes)} steps\n${problems.map((problem) => `problem ${problem.code}: ${problem.summary}\n${problem.detail}\nfix: ${problem.fix}\n`).join('')}`,
  );
  return { ending: said, results: [], problems, changes };
}
