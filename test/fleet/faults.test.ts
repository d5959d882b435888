import assert from 'node:assert/strict';
import { test } from 'node:test';
import { productPolicy } from './policies.ts';
import { Random } from '../../src/simulation/random.ts';
import type { Fault } from '../../src/simulation/scenario.ts';
import { modelOf } from '../../src/simulation/server/model.ts';
import type { SimRequest } from '../../src/simulation/request.ts';
import { simulate, type SimResult } from '../../src/simulation/simulation.ts';

const SPEC = { room: 1, slots: 8, speed: 1, hasHostMemory: false };
const FAULT_MS = 30_000;

const request = (id: number, sentMs: number, promptTokens: number, outputTokens: number): SimRequest => ({
  id,
  model: 'm',
  sentMs,
  follows: undefined,
  promptTokens,
  outputTokens,
  maxTokens: undefined,
  key: 'k',
  user: undefined,
  class: 'people',
  prefix: [{ hash: id + 1, tokens: promptTokens }],
  answer: { hash: id + 1000, tokens: promptTokens + outputTokens },
  repeatedTokens: 0,
  direct: undefined,
});

/** Two servers with the model in memory; each has two streams, and three prompts that are not read yet, when the first one fails. */
function failing(change: Fault['change']): SimResult {
  const warm = [0, 1].flatMap((wave) =>
    Array.from({ length: 12 }, (_, at) => request(wave * 12 + at, wave * 10_000, 400, 300)),
  );
  const streams = [0, 1, 2, 3].map((at) => request(24 + at, 25_000 + at, 50, 3000));
  const prompts = [0, 1, 2, 3, 4, 5].map((at) => request(28 + at, FAULT_MS - 50 + at, 6000, 20));
  return simulate(
    {
      servers: [SPEC, SPEC],
      models: [modelOf('m', 8, 'blob-m')],
      requests: [...warm, ...streams, ...prompts],
      faults: [{ atMs: FAULT_MS, server: 0, change }],
    },
    productPolicy('fleet', new Random(1, 'policy')),
  );
}

function outcomesOf({ records }: SimResult, from: number): readonly (string | undefined)[] {
  return records.filter(({ request: { id } }) => id >= from).map(({ outcome }) => outcome);
}

for (const [title, change, withinMs] of [
  ['dies: its streams fail, and requests that had not begun are answered elsewhere at once', 'die', 12_000],
  [
    'stands still: after 15 s and three probes its streams fail, and requests that had not begun are answered elsewhere',
    { slow: 0 },
    45_000,
  ],
] as const)
  test(`a server ${title}`, () => {
    const result = failing(change);
    const failed = outcomesOf(result, 24).filter((outcome) => outcome !== 'served');
    assert.deepEqual(failed, ['failed', 'failed']);
    assert.deepEqual(
      outcomesOf(result, 28),
      Array.from({ length: 6 }, () => 'served'),
    );
    const ttfts = result.records.filter(({ request: { id } }) => id >= 28).map(({ ttftMs = Infinity }) => ttftMs);
    assert.ok(Math.max(...ttfts) < withinMs, `${String(ttfts)} ms`);
    assert.deepEqual([result.left, result.records.every(({ ends }) => ends === 1)], [0, true]);
  });
