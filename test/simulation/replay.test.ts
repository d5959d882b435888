import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRACE_VERSION, traceLine, tracedDecision, tracedEvent } from '../../src/gateway/route/trace.ts';
import { policyFor } from '../../src/gateway/route/policies.ts';
import { Random } from '../../src/simulation/random.ts';
import { replay, replayLines, type Replayed, type ReplayOptions } from '../../src/simulation/replay/replay.ts';
import { scoreOf, type Score } from '../../src/simulation/score.ts';
import { simFleetSpec, simulate, type StatedSlots } from '../../src/simulation/simulation.ts';
import { WORKLOADS } from '../fleet/workload/workloads.ts';
import { assertTrace } from '../gateway/route/trace-replay.ts';

const SETTINGS = { strategy: 'fleet', longestQueue: 1000, allowedFails: 3, cooldownMs: 5000 } as const;
const AS_IT_IS = { name: (text: string): string => text, hash: (hash: number): number => hash };

/** The trace of a simulated gateway that is told of these slots, and the score of its simulation. */
function recorded(name: string, stated: StatedSlots = 'true'): { readonly text: string; readonly score: Score } {
  const workload = WORKLOADS.find((one) => one.name === name);
  assert.ok(workload !== undefined);
  const scenario = workload.scenario(new Random(1, name));
  const { strategy, ...settings } = SETTINGS;
  const numbers = new Random(1, 'policy');
  let random: number[] = [];
  const policy = policyFor(strategy, {
    ...settings,
    random: () => {
      const number = numbers.next();
      random.push(number);
      return number;
    },
  });
  const spec = simFleetSpec(scenario, stated);
  const lines = [traceLine({ trace: 'hxllm.route', version: TRACE_VERSION, begun: '', policy: SETTINGS, spec })];
  const result = simulate(scenario, policy, stated, undefined, (event, decisions, t) => {
    const step = { t, event: tracedEvent(event, SETTINGS, AS_IT_IS), random, decisions: decisions.map(tracedDecision) };
    lines.push(traceLine(step));
    random = [];
  });
  lines.push('{"end":"stopped"}\n');
  return { text: lines.join('\n'), score: scoreOf(result) };
}

function replayed(text: string, options: ReplayOptions = {}): Replayed {
  const result = replay(text, 'route.ndjson', options);
  assert.ok(result.ok, JSON.stringify(result.ok ? '' : result.problems));
  return result.value;
}

function rowOf({ rows }: Replayed, title: string): Score {
  const row = rows.find((one) => one.title === title);
  assert.ok(row !== undefined, title);
  return row.score;
}

for (const [name, points] of [
  ['e_p0.95', 3],
  ['a_guide70', 3],
  ['f_die', 3],
] as const)
  test(`${name}: a trace says what happened, and its simulation comes within ${String(points)} points of it`, () => {
    const { text, score } = recorded(name);
    const value = replayed(text);
    assert.equal(value.otherFromLine, undefined, 'the same decisions');
    assert.equal(value.end, 'stopped');
    const [happened, simulated] = [rowOf(value, 'as it happened'), rowOf(value, 'simulated')];
    assert.equal(happened.requests, score.requests);
    for (const figure of ['met', 'served', 'p50', 'p95'] as const)
      assert.ok(
        Math.abs(happened[figure] - score[figure]) < 0.5,
        `${figure}: ${String(happened[figure])} happened, ${String(score[figure])} were scored`,
      );
    assert.ok(Math.abs(simulated.met - score.met) < points, `${String(simulated.met)} against ${String(score.met)}`);
    assert.ok(Math.abs(simulated.served - score.served) < points);
  });

for (const [name, stated] of [
  ['e_p0.95', 8],
  ['e_p0.95', 2],
  ['h_batch', 2],
  ['h_batch', 'none'],
] as const)
  test(`${name} with ${stated === 'none' ? 'no' : String(stated)} slots stated: a request that a trial took back is one request`, () => {
    const { text, score } = recorded(name, stated);
    assert.match(text, /"reason":"slot-trial"/);
    assert.match(text, /\{"recall":/);
    assertTrace(text);
    const value = replayed(text);
    assert.equal(value.otherFromLine, undefined, 'the same decisions');
    const happened = rowOf(value, 'as it happened');
    assert.equal(happened.requests, score.requests);
    for (const figure of ['met', 'served', 'p50', 'p95'] as const)
      assert.ok(
        Math.abs(happened[figure] - score[figure]) < 0.5,
        `${figure}: ${String(happened[figure])} happened, ${String(score[figure])} were scored`,
      );
    const simulated = rowOf(value, 'simulated');
    assert.ok(Math.abs(simulated.met - score.met) < 5, `${String(simulated.met)} against ${String(score.met)}`);
  });

test('more servers and more slots help an overloaded fleet, and the number asked for counts', () => {
  const { text } = recorded('e_p0.95');
  const one = replayed(text, { strategy: 'least-busy' });
  const met = (title: string): number => rowOf(one, title).met;
  assert.ok(met('servers +1') > met('simulated') + 5, `${String(met('servers +1'))}, ${String(met('simulated'))}`);
  assert.ok(met('strategy least-busy') < met('simulated'));
  const three = replayed(text, { servers: 3, slots: 4 });
  assert.ok(rowOf(three, 'servers +3').met >= met('servers +1'));
  assert.notDeepEqual(rowOf(three, 'slots +4'), rowOf(one, 'slots +2'));
});

test('a trace that is cut off is replayed up to there, and says so', () => {
  const { text } = recorded('a_30');
  const cut = text.slice(0, text.length / 2);
  assertTrace(cut);
  const value = replayed(cut);
  assert.equal(value.end, undefined);
  assert.match(
    replayLines(value)[0] ?? '',
    /^\d+ requests in [\d.]+ s; the trace is cut off, and was replayed up to there$/,
  );
  assert.ok(rowOf(value, 'as it happened').requests > 100);
});

test('a damaged trace and an unknown strategy are Problems with the place and the choices', () => {
  const { text } = recorded('a_30');
  const damaged = text.split('\n').with(41, '{"t": 1').join('\n');
  const bad = replay(damaged, 'route.ndjson');
  assert.ok(!bad.ok);
  assert.deepEqual(bad.problems[0].where, { file: 'route.ndjson', line: 42 });
  const other = replay(text, 'route.ndjson', { strategy: 'fastest' });
  assert.ok(!other.ok);
  assert.match(other.problems[0].detail, /Expected one of .*fleet.*, found fastest/);
});
