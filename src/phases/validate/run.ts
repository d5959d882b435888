import { pathsOf, type Config, type HostConfig, type Settings } from '../../config/config.ts';
import { hostProblems } from '../../config/requirements.ts';
import { judgeAll } from '../../core/check.ts';
import { FORKS, mapInParallel } from '../../core/parallel.ts';
import type { PhaseReport, PhaseTools } from '../../core/phase.ts';
import { inWords, type Problem } from '../../core/problem.ts';
import { failsPhase, notApplicable, unknown, type CheckResult, type Verdict } from '../../core/verdict.ts';
import { ownUnitProblems } from '../../facts/drop-ins/own-unit.ts';
import { ownUnits } from '../../render/own-units.ts';
import { contentText, type DesiredFile } from '../../render/content.ts';
import type { PlannedStep } from '../../core/recorder.ts';
import type { Shipping } from '../../render/release.ts';
import { VALIDATE_CHECKS, type HostVerdicts } from './checks.ts';
import { judgeOneServer, judgeServed } from './fleet.ts';
import { judgeFolders } from './folders.ts';
import { askHost } from './host-facts.ts';
import { compareInstalled } from './installed.ts';
import { readBack } from './read-back.ts';
import { renderFor, rendersToCompare, rendersToKeep } from './render.ts';

/** Longer than the time limit of any single question, and of a sudo that hangs before it. */
const TIMEOUT_MS = 90_000;

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
  // Many hosts at once, but reported in the order of the inventory.
  for (const judged of await mapInParallel(config.hosts, tools.forks ?? FORKS, (host) => judgeHost(host, tools))) {
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
      problems: files.problems.map((problem) => atHost(problem, name)),
    };
  const lost = ownUnits(settings, files.value).flatMap((unit) =>
    ownUnitProblems(unit, { ...settings, ...pathsOf(settings) }),
  );
  if (lost.length > 0) return { results: [], problems: lost.map((problem) => atHost(problem, name)) };
  for (const [file, text] of rendersToKeep(host)) tools.recorder.file(`hosts/${name}/renders/${file}`, text);
  const read = readBack(textOf(files.value, 'config.yaml'));
  const { verdicts, steps, problems } = await judgeOnHost(host, files.value, tools);
  if (steps.length > 0) tools.recorder.event({ kind: 'plan', host: name, steps });
  return {
    results: judgeAll(VALIDATE_CHECKS, { settings, files: files.value, read, onHost: verdicts }, name),
    problems,
  };
}

function atHost(problem: Problem, host: string): Problem {
  return { ...problem, where: { host, ...problem.where } };
}

interface OnHost {
  readonly verdicts: HostVerdicts;
  /** The files that differ there. */
  readonly steps: readonly PlannedStep[];
  readonly problems: readonly Problem[];
}

async function judgeOnHost(host: HostConfig, files: readonly DesiredFile[], tools: PhaseTools): Promise<OnHost> {
  const { target, settings } = host;
  const { connect, recorder, signal } = tools;
  if (settings.serviceManager === 'process')
    return withoutHost(settings, notApplicable('litellm_service_manager is process, which has no units'));
  recorder.event({ kind: 'progress', host: target.name, text: 'connecting' });
  const connected = await connect(target, signal);
  if (!connected.ok) return unreached(settings, connected.problems);
  try {
    const compared = rendersToCompare(host);
    const asked = await askHost(
      connected.value,
      host,
      {
        units: files.filter((file) => /\.(?:service|socket)$/.test(file.name)),
        files: compared.map(({ path }) => path),
      },
      { signal, timeoutMs: TIMEOUT_MS },
    );
    // A script that did not run is a fact about the units, as about everything else.
    if (!asked.ok) return { ...unreached(settings, asked.problems), problems: [] };
    const facts = asked.value;
    const judged = (verdict: 'units' | 'exposure'): Verdict =>
      facts.units.known ? facts.units.value[verdict] : unknown(facts.units.why);
    const { verdict: installed, steps } = compareInstalled(compared, facts);
    return {
      verdicts: {
        units: judged('units'),
        exposure: judged('exposure'),
        folders: judgeFolders(settings, facts),
        served: judgeServed(settings, facts),
        oneServer: judgeOneServer(settings, facts),
        installed,
      },
      steps,
      problems: [],
    };
  } finally {
    await connected.value.close();
  }
}

function unreached(settings: Settings, problems: OnHost['problems'] & readonly [Problem, ...Problem[]]): OnHost {
  return { ...withoutHost(settings, unknown(inWords(problems[0]), problems[0].fix)), problems };
}

/** The variables alone may say that an alias has no backend; all else needs the host. */
function withoutHost(settings: Settings, verdict: Verdict): OnHost {
  const byVariables = judgeServed(settings, undefined);
  return {
    verdicts: {
      units: verdict,
      exposure: verdict,
      folders: verdict,
      served: byVariables.outcome === 'fail' ? byVariables : notApplicable('the host was not asked'),
      oneServer: notApplicable('the host was not asked'),
      installed: notApplicable('the host was not asked'),
    },
    steps: [],
    problems: [],
  };
}

function textOf(files: readonly DesiredFile[], name: string): string {
  const file = files.find((one) => one.name === name);
  return file === undefined ? '' : (contentText(file.content) ?? '');
}
