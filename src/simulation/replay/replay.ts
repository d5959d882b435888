import { pluralize } from '../../core/pluralize.ts';
import { ROUTING_STRATEGIES, type RoutingStrategy } from '../../core/routing-strategy.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { policyFor } from '../../gateway/route/policies.ts';
import type { Policy } from '../../gateway/route/policy.ts';
import { readTrace, type Trace } from '../../gateway/route/trace-reader.ts';
import { Random } from '../random.ts';
import type { SimRequest } from '../request.ts';
import type { Scenario } from '../scenario.ts';
import { scoreOf, type Score } from '../score.ts';
import { simulate, type SimRecord } from '../simulation.ts';
import { Targets } from '../target.ts';
import { calibrated } from './calibrate.ts';
import { recordedOf, type Recorded } from './recorded.ts';
import { measurementsOf, scenarioOf } from './trace-scenario.ts';

/** The changes that a replay tries. */
export interface ReplayOptions {
  /** Servers and slots of each model more; 1 and 2 without a wish. */
  readonly servers?: number | undefined;
  readonly slots?: number | undefined;
  /** Another strategy, on the same servers. */
  readonly strategy?: string | undefined;
}

/** One line of the answer: a course of the same requests, and its figures. */
export interface ReplayRow {
  readonly title: string;
  readonly score: Score;
}

/** The answer of a replay. */
export interface Replayed {
  readonly rows: readonly ReplayRow[];
  /** Duration of the trace, s. */
  readonly seconds: number;
  /** How the trace ended; `undefined`: cut off. */
  readonly end: string | undefined;
  /** The line of the trace from which this hxllm decides otherwise than the one that recorded it. */
  readonly otherFromLine: number | undefined;
}

/** Plays a trace again: as it happened, simulated on the same servers, and with more servers, more slots, or another strategy. */
export function replay(text: string, file: string, options: ReplayOptions = {}): Result<Replayed> {
  const { strategy } = options;
  const other = ROUTING_STRATEGIES.find((name) => name === strategy);
  if (strategy !== undefined && other === undefined)
    return fail({
      code: 'usage.strategy',
      summary: 'unknown strategy',
      detail: `Expected one of ${ROUTING_STRATEGIES.join(', ')}, found ${strategy}.`,
      fix: `hxllm fleet --replay ${file} --strategy fleet`,
    });
  const read = readTrace(text, file);
  if (!read.ok) return read;
  return ok(answerOf(read.value, options, other));
}

function answerOf(
  trace: Trace,
  { servers = 1, slots = 2 }: ReplayOptions,
  other: RoutingStrategy | undefined,
): Replayed {
  const recorded = recordedOf(trace);
  const { strategy } = recorded.policy;
  const policyOf = (name: RoutingStrategy | undefined): Policy => {
    const random = new Random(1, 'policy');
    return policyFor(name, { ...recorded.policy, random: () => random.next() });
  };
  const scenario = calibrated(scenarioOf(recorded), measurementsOf(recorded), () => policyOf(strategy));
  const simulated = (title: string, changed: Scenario, name = strategy): ReplayRow => ({
    title,
    score: scoreOf(simulate(changed, policyOf(name))),
  });
  const rows = [
    { title: 'as it happened', score: scoreAsItHappened(recorded, scenario.requests) },
    simulated('simulated', scenario),
    simulated(`servers +${String(servers)}`, withServers(scenario, servers)),
    simulated(`slots +${String(slots)}`, withSlots(scenario, slots)),
    simulated(`servers +${String(servers)}, slots +${String(slots)}`, withSlots(withServers(scenario, servers), slots)),
    ...(other === undefined ? [] : [simulated(`strategy ${other}`, scenario, other)]),
  ];
  const { fromMs, untilMs, otherFrom } = recorded;
  return {
    rows,
    seconds: (untilMs - fromMs) / 1000,
    end: trace.end,
    otherFromLine: otherFrom === undefined ? undefined : otherFrom + 2,
  };
}

/** The same with more servers, which are as the fastest one and have every model. */
function withServers({ servers, serves, models, ...rest }: Scenario, more: number): Scenario {
  const [first, ...others] = servers.toSorted((a, b) => b.speed - a.speed);
  if (first === undefined) return { servers, models, ...rest };
  const added = Array.from({ length: more }, (_, index) => servers.length + index);
  const all = new Map(models.map(({ name }) => [name, [...(serves?.get(name) ?? servers.keys()), ...added]]));
  const fastest = others.reduce(
    (best, one) => (one.slots > best.slots && one.speed === best.speed ? one : best),
    first,
  );
  return { ...rest, models, servers: [...servers, ...added.map(() => fastest)], serves: all };
}

function withSlots({ servers, ...rest }: Scenario, more: number): Scenario {
  return { ...rest, servers: servers.map((server) => ({ ...server, slots: server.slots + more })) };
}

function scoreAsItHappened({ requests, loads }: Recorded, sims: readonly SimRequest[]): Score {
  const targets = new Targets();
  const sorted = requests.toSorted((a, b) => a.sentMs - b.sentMs);
  const records = sorted.flatMap(({ sentMs, firstMs, outcome }, index): SimRecord[] => {
    const request = sims[index];
    if (request === undefined) return [];
    const targetMs = targets.sent(request, sentMs);
    const ttftMs = firstMs === undefined ? undefined : firstMs - sentMs;
    return [{ request, sentMs, targetMs, ttftMs, outcome: outcome ?? 'left', ends: 1 }];
  });
  const own = loads.map(({ model, atMs }) => ({
    model,
    atMs,
    cause: 'gateway' as const,
    isUnused: false,
    isNeedless: false,
  }));
  return scoreOf({ records, loads: own });
}

/** The answer as text. */
export function replayLines({ rows, seconds, end, otherFromLine }: Replayed): readonly string[] {
  const width = Math.max(...rows.map(({ title }) => title.length));
  const requests = rows[0]?.score.requests ?? 0;
  const line = (title: string, cells: readonly string[]): string =>
    `${title.padEnd(width)}${cells.map((cell) => cell.padStart(10)).join('')}`;
  const head = [
    `${pluralize(requests, 'request')} in ${seconds.toFixed(1)} s${end === undefined ? '; the trace is cut off, and was replayed up to there' : end === 'stopped' ? '' : `; the trace ended early: ${end}`}`,
    ...(otherFromLine === undefined
      ? []
      : [`this hxllm decides otherwise than the one that recorded it, from line ${String(otherFromLine)} on`]),
  ];
  if (requests === 0) return [...head, 'no request came while it was recorded: nothing can be compared'];
  return [
    ...head,
    '',
    line('', ['target %', 'served %', 'p50 s', 'p95 s', 'loads']),
    ...rows.map(({ title, score: { met, served, p50, p95, loads } }) =>
      line(title, [met.toFixed(1), served.toFixed(1), p50.toFixed(2), p95.toFixed(1), loads.toFixed(0)]),
    ),
    '',
    'Target: the first token within 2 s, or 15 s for a model that was not used for 5 min. p50, p95: time to the first token; no answer is 60 s.',
    'All rows but the first are simulated, with the speeds that the trace shows: compare them with the row "simulated".',
  ];
}
