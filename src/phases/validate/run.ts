import type { Config, HostConfig } from '../../config/config.ts';
import { hostProblems } from '../../config/requirements.ts';
import { judgeAll } from '../../core/check.ts';
import type { PhaseReport, PhaseTools } from '../../core/phase.ts';
import { inWords, type Problem } from '../../core/problem.ts';
import { failsPhase, notApplicable, unknown, type CheckResult } from '../../core/verdict.ts';
import { contentText, type DesiredFile } from '../../render/content.ts';
import type { Shipping } from '../../render/release.ts';
import { VALIDATE_CHECKS, type Rendered } from './checks.ts';
import { judgeFolders } from './folders.ts';
import { readBack } from './read-back.ts';
import { renderFor, rendersToKeep } from './render.ts';
import { verifyUnits } from './units.ts';

const VERIFY_TIMEOUT_MS = 30_000;

interface Judged {
  readonly results: readonly CheckResult[];
  readonly problems: readonly Problem[];
}

/** Renders the files that enforce would install on every host, and judges them. Changes nothing on the hosts. */
export async function runValidate(config: Config, shipping: Shipping, tools: PhaseTools): Promise<PhaseReport> {
  const problems: Problem[] = [...hostProblems(config)];
  const results: CheckResult[] = [];
  const bundle = await shipping.bundle();
  if (!bundle.ok) problems.push(...bundle.problems);
  // All hosts at once, but reported in the order of the inventory.
  for (const judged of await Promise.all(config.hosts.map((host) => judgeHost(host, tools)))) {
    for (const result of judged.results) tools.recorder.event({ kind: 'check', result });
    results.push(...judged.results);
    problems.push(...judged.problems);
  }
  if (!tools.signal.aborted) for (const problem of problems) tools.recorder.event({ kind: 'problem', problem });
  const ending = tools.signal.aborted
    ? 'aborted'
    : problems.length > 0 || results.some(failsPhase)
      ? 'failed'
      : 'passed';
  return { ending, results, problems, changes: 0 };
}

async function judgeHost(host: HostConfig, tools: PhaseTools): Promise<Judged> {
  const {
    settings,
    target: { name },
  } = host;
  const files = renderFor(host);
  if (!files.ok)
    return {
      results: [],
      problems: files.problems.map((problem) => ({ ...problem, where: { host: name, ...problem.where } })),
    };
  for (const [file, text] of rendersToKeep(host)) tools.recorder.file(`hosts/${name}/renders/${file}`, text);
  const read = readBack(textOf(files.value, 'config.yaml'));
  const found = await judgeOnHost(host, files.value, tools);
  return {
    results: judgeAll(VALIDATE_CHECKS, { settings, files: files.value, read, ...found.verdicts }, name),
    problems: found.problems,
  };
}

/** The verdicts that only the host can give. */
type HostVerdicts = Pick<Rendered, 'units' | 'folders'>;

async function judgeOnHost(
  host: HostConfig,
  files: readonly DesiredFile[],
  { connect, recorder, signal }: PhaseTools,
): Promise<{ readonly verdicts: HostVerdicts; readonly problems: readonly Problem[] }> {
  const { target, settings } = host;
  if (settings.serviceManager === 'process') {
    const why = 'litellm_service_manager is process, which has no units';
    return { verdicts: { units: notApplicable(why), folders: notApplicable(why) }, problems: [] };
  }
  recorder.event({ kind: 'progress', host: target.name, text: 'connecting' });
  const connected = await connect(target, signal);
  if (!connected.ok) {
    const verdict = unknown(inWords(connected.problems[0]), connected.problems[0].fix);
    return { verdicts: { units: verdict, folders: verdict }, problems: connected.problems };
  }
  try {
    const units = files.filter((file) => /\.(?:service|socket)$/.test(file.name));
    const options = { signal, timeoutMs: VERIFY_TIMEOUT_MS };
    const verified = await verifyUnits(connected.value, units, options);
    const folders = await judgeFolders(connected.value, host, options);
    return { verdicts: { units: verified, folders }, problems: [] };
  } finally {
    await connected.value.close();
  }
}

function textOf(files: readonly DesiredFile[], name: string): string {
  const file = files.find((one) => one.name === name);
  return file === undefined ? '' : (contentText(file.content) ?? '');
}
