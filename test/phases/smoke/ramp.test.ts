import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_SMOKE_LIMITS } from '../../../src/core/smoke-limits.ts';
import { failsPhase } from '../../../src/core/verdict.ts';
import { readMeasurements } from '../../../src/phases/smoke/measurements.ts';
import { percentileOf } from '../../../src/phases/smoke/percentile.ts';
import { kneeOf, throughputOf } from '../../../src/phases/smoke/ramp/figures.ts';
import type { RampStep } from '../../../src/phases/smoke/ramp/samples.ts';
import type { SmokeTarget } from '../../../src/phases/smoke/target.ts';
import { json, startFake, type Answer, type Pace, type Seen } from './fake-server.ts';
import { FOREIGN, smokeAt, type Smoked } from './smoking.ts';

const SERVER = 'http://127.0.0.1:1';
const isRamp = ({ body }: Seen): boolean => JSON.stringify(body['messages'] ?? '').includes('upwards');

interface Planted {
  readonly bend?: (seen: Seen, answer: Answer, atOnce: number) => Answer;
  readonly pace?: Pace;
  readonly wanted?: Partial<SmokeTarget>;
}

async function ramped({ bend, pace, wanted = {} }: Planted = {}): Promise<
  Smoked & { readonly asked: readonly Seen[] }
> {
  let atOnce = 0;
  await using server = await startFake({
    models: ['phi3-3.8b'],
    backends: [SERVER],
    ...(pace === undefined ? {} : { pace }),
    bend: (seen, answer) => (bend === undefined ? answer : bend(seen, answer, atOnce)),
    seeOpen: (open) => {
      atOnce = open;
    },
  });
  return { ...(await smokeAt(server.url, wanted)), asked: server.requests.filter(isRamp) };
}

function failures({ report }: Smoked): readonly string[] {
  return report.results.filter(failsPhase).map(({ id }) => id);
}

test('the ramp is gentle, and goes beyond four at once only with a budget', async () => {
  const gentle = await ramped();
  assert.equal(gentle.asked.length, 11);
  assert.equal(new Set(gentle.asked.map(({ body }) => JSON.stringify(body['messages']))).size, 11, 'no prompt twice');
  assert.deepEqual(failures(gentle), []);
  assert.match(gentle.result('performance.first-token').seen, /^phi3-3\.8b: p50 \d+, p95 \d+, p99 \d+ ms$/);
  const measured = JSON.parse(gentle.files.get('measurements.json') ?? '') as {
    targets: { ramps: { steps: unknown[]; samples: unknown[] }[]; share: object; latency_ms: unknown[] }[];
  };
  const [target] = measured.targets;
  assert.deepEqual([target?.ramps[0]?.steps.length, target?.ramps[0]?.samples.length], [3, 11]);
  assert.deepEqual(Object.keys(target?.share ?? {}), [SERVER]);
  assert.equal(target?.latency_ms.length, 5);
  const full = await ramped({ pace: { everyMs: 1 }, wanted: { budgetMs: 60_000 } });
  assert.ok(full.asked.length > 11 && full.asked.length <= 11 + 2 * (8 + 16 + 32 + 64));
});

test('each planted fault under load fails the check that names it, and no other', async () => {
  const limits = DEFAULT_SMOKE_LIMITS;
  const rows: readonly (readonly [string, Planted, RegExp])[] = [
    [
      'performance.errors',
      // A queue that is full with two requests at once.
      {
        pace: { everyMs: 1 },
        bend: (seen, answer, open) =>
          isRamp(seen) && open > 1 ? json(429, { error: { message: 'The queue is full.' } }) : answer,
      },
      /failed, with 2 at once: 429: The queue is full\.$/,
    ],
    [
      'performance.errors',
      {
        bend: (seen, answer) =>
          isRamp(seen) ? { ...answer, body: answer.body.replace('data: [DONE]\n\n', '') } : answer,
      },
      /the stream ended without \[DONE\]$/,
    ],
    // The other streams have the same pace, so their limit is the default.
    ['performance.total', { pace: { everyMs: 3 }, wanted: { limits: { ...limits, totalP95Ms: 20 } } }, /p95 \d+/],
    ['performance.tokens', { pace: { everyMs: 3 }, wanted: { limits: { ...limits, tokensPerS: 5000 } } }, /tokens\/s$/],
  ];
  for (const [id, planted, seen] of rows) {
    const smoked = await ramped(planted);
    assert.deepEqual(failures(smoked), [id]);
    assert.match(smoked.result(id).seen, seen);
    assert.ok(smoked.result(id).measured !== undefined);
  }
});

test('a slow first token under load fails by the limit of the variables', async () => {
  const limits = { ...DEFAULT_SMOKE_LIMITS, ttftP95Ms: 2 };
  const smoked = await ramped({ pace: { everyMs: 3 }, wanted: { limits } });
  assert.deepEqual(failures(smoked), ['stream.first-token', 'performance.first-token']);
  assert.match(
    smoked.result('performance.first-token').wanted ?? '',
    /^at most 2 ms for the first token of phi3-3\.8b/,
  );
});

test('a run that is slower than the previous one is a warning that names it', async () => {
  const first = await ramped();
  const previous = readMeasurements(
    first.files.get('measurements.json') ?? '',
    'smoke/20261123T231500Z',
    'hx-api-server',
  );
  assert.ok(previous !== undefined && previous.firstTokenMs.has('phi3-3.8b'));
  assert.equal(readMeasurements(first.files.get('measurements.json') ?? '', 'r', 'another'), undefined);
  assert.equal(readMeasurements('<html>', 'r', 'hx-api-server'), undefined);
  const fast = { ...previous, firstTokenMs: new Map([['phi3-3.8b', 1]]) };
  const slow = await ramped({ pace: { everyMs: 0, pauseMs: 80, pauseAt: 1 }, wanted: { previous: fast } });
  const { outcome, severity, seen, fix } = slow.result('performance.not-slower');
  assert.deepEqual([outcome, severity], ['fail', 'warning']);
  assert.match(seen, /^phi3-3\.8b: first token p50 \d+ ms, 1 ms in smoke\/20261123T231500Z$/);
  assert.equal(fix, 'hxllm evidence diff smoke/20261123T231500Z latest');
  const limits = { ...DEFAULT_SMOKE_LIMITS, slowerPercent: 100_000 };
  const allowed = await ramped({ pace: { everyMs: 0, pauseMs: 80, pauseAt: 1 }, wanted: { previous: fast, limits } });
  assert.deepEqual(
    [allowed.result('performance.not-slower').outcome, allowed.result('performance.not-slower').measured?.limit],
    ['pass', 100_000],
  );
  const same = await ramped({ wanted: { previous: { ...previous, firstTokenMs: new Map([['phi3-3.8b', 100_000]]) } } });
  assert.equal(same.result('performance.not-slower').outcome, 'pass');
});

test('a ramp that Ctrl-C interrupts is unknown, and no failure of the gateway', async () => {
  const controller = new AbortController();
  const bend = (seen: Seen, answer: Answer): Answer => {
    if (isRamp(seen)) controller.abort();
    return answer;
  };
  const pace = (seen: Seen): Pace | undefined => (isRamp(seen) ? { everyMs: 50 } : undefined);
  await using server = await startFake({ models: ['phi3-3.8b'], backends: [SERVER], bend, pace });
  const { report, result } = await smokeAt(server.url, {}, controller.signal);
  assert.equal(report.ending, 'aborted');
  assert.equal(result('performance.errors').outcome, 'unknown');
  assert.ok(report.results.every(({ id, outcome }) => !id.startsWith('performance.') || outcome !== 'pass'));
});

test('another server is measured too, with the model that answered', async () => {
  const { result, asked } = await ramped({ wanted: FOREIGN });
  assert.equal(asked.length, 11);
  assert.equal(result('performance.first-token').outcome, 'pass');
});

test('percentiles are nearest ranks, and the knee is where more at once give hardly more', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.deepEqual(
    [50, 95, 99, 100].map((percent) => percentileOf(values, percent)),
    [50, 95, 99, 100],
  );
  assert.deepEqual([percentileOf([7], 99), percentileOf([], 50)], [7, undefined]);
  const step = (concurrency: number, tokens: number): RampStep => ({
    concurrency,
    wallMs: 1000,
    samples: [{ concurrency, atMs: 0, totalMs: 1000, ttftMs: 1, tokens, server: undefined, error: undefined }],
  });
  assert.equal(throughputOf(step(1, 40)), 40);
  assert.equal(kneeOf([step(1, 40), step(2, 70), step(4, 75), step(8, 150)]), 2);
  assert.equal(kneeOf([step(1, 40), step(2, 70)]), undefined);
});
