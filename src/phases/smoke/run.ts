import { judgeAll, type Check } from '../../core/check.ts';
import type { PhaseReport, PhaseTools } from '../../core/phase.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { failsPhase } from '../../core/verdict.ts';
import { ABILITY_CHECKS } from './checks/abilities.ts';
import { ACCESS_CHECKS } from './checks/access.ts';
import { ANSWER_CHECKS } from './checks/answers.ts';
import { CONNECTION_CHECKS } from './checks/connection.ts';
import { KEY_CHECKS, keptKey } from './checks/keys.ts';
import { MODEL_CHECKS } from './checks/models.ts';
import { OUTAGE_CHECKS } from './checks/outage.ts';
import { PARAMETER_CHECKS } from './checks/parameters.ts';
import { PERFORMANCE_CHECKS } from './checks/performance.ts';
import { PLACEMENT_CHECKS } from './checks/placement.ts';
import { SPREAD_CHECKS } from './checks/spread.ts';
import { STREAM_CHECKS } from './checks/stream.ts';
import { Client } from './client.ts';
import { MEASUREMENTS, measurementsAsData } from './measurements.ts';
import type { ProbeResults } from './probe-results.ts';
import { probe } from './probes.ts';
import { reportAsData, reportAsMarkdown, type TargetReport } from './report.ts';
import type { SmokeTarget } from './target.ts';

export type { SmokeTarget } from './target.ts';

/** The checks of smoke, in order. */
export const SMOKE_CHECKS: readonly Check<ProbeResults>[] = [
  ...CONNECTION_CHECKS,
  ...ACCESS_CHECKS,
  ...KEY_CHECKS,
  ...MODEL_CHECKS,
  ...ANSWER_CHECKS,
  ...PARAMETER_CHECKS,
  ...ABILITY_CHECKS,
  ...STREAM_CHECKS,
  ...PLACEMENT_CHECKS,
  ...SPREAD_CHECKS,
  ...OUTAGE_CHECKS,
  ...PERFORMANCE_CHECKS,
];

/**
 * Asks every target over HTTP and judges the answers; leaves report.json and report.md. All targets at once, and those of `then` when the others
 * have ended, but reported in order.
 */
export async function runSmoke(
  targets: readonly SmokeTarget[],
  tools: PhaseTools,
  then: readonly SmokeTarget[] = [],
): Promise<PhaseReport> {
  const { recorder, signal } = tools;
  const first = await Promise.all(targets.map((target) => askTarget(target, tools)));
  const asked = [...first, ...(await Promise.all(then.map((target) => askTarget(target, tools))))];
  const problems = asked.flatMap((result) => (result.ok ? [] : result.problems));
  const reports = asked.flatMap((result) => (result.ok ? [result.value] : []));
  const results = reports.flatMap((report) => report.results);
  for (const result of results) recorder.event({ kind: 'check', result });
  for (const problem of problems) recorder.event({ kind: 'problem', problem });
  recorder.file('report.json', reportAsData(reports));
  recorder.file(MEASUREMENTS, measurementsAsData(reports.map(({ seen }) => seen)));
  recorder.file('report.md', reportAsMarkdown(reports));
  const broken = problems.length > 0 || targets.length === 0 || results.some(failsPhase);
  return { ending: signal.aborted ? 'aborted' : broken ? 'failed' : 'passed', results, problems, changes: 0 };
}

async function askTarget(
  target: SmokeTarget,
  { recorder, signal, nowMs }: PhaseTools,
): Promise<Result<TargetReport & { readonly seen: ProbeResults }>> {
  const url = parseAddress(target);
  if (!url.ok) return url;
  const client = new Client(url.value, target, signal, nowMs);
  try {
    const tell = {
      progress: (text: string) => recorder.event({ kind: 'progress', host: target.name, text }),
      note: (text: string) => recorder.event({ kind: 'note', host: target.name, text }),
    };
    const seen = await probe(client, target, tell, nowMs);
    const kept = keptKey(seen);
    if (kept !== undefined) tell.note(kept);
    return ok({ target, seen, exchanges: client.exchanges, results: judgeAll(SMOKE_CHECKS, seen, target.name) });
  } finally {
    await client.close();
  }
}

function parseAddress(target: SmokeTarget): Result<URL> {
  const url = URL.parse(target.url);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return ok(url);
  const problem: Problem = {
    code: 'usage.url',
    summary: 'the address to test is not an HTTP URL',
    detail: `Expected a URL such as http://host:4000, found ${JSON.stringify(url === null ? target.url : `${url.protocol}//…`)}${url !== null && url.username !== '' ? ', with credentials in it' : ''}.`,
    fix: 'hxllm smoke --url http://host:4000 --key-file FILE',
    where: { host: target.name },
  };
  return fail(problem);
}
