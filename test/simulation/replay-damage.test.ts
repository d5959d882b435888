import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { replay } from '../../src/simulation/replay/replay.ts';

const BACKENDS = [{ url: 'a', managed: true, slots: 2, room: 1 }];
const DEPLOYMENTS = ['m', 'n'].map((model) => {
  const id = `${model}@a`;
  return { id, backend: 'a', weight: 1, model, runnerKey: '[]', single: false, order: 1, rpm: 9, cooldownMs: 5 };
});
const SPEC = { backends: BACKENDS, deployments: DEPLOYMENTS };
const POLICY = { strategy: 'fleet', longestQueue: 9, allowedFails: 3, cooldownMs: 1 };
const PREFIX = [{ hash: 7, tokens: 300 }];
const WORK = { promptTokens: 500, maxTokens: 9, prefix: PREFIX, key: 'k', user: 'u', batch: false };
const OBSERVATION = {
  promptBytes: 2000,
  promptTokens: 480,
  outTokens: 9,
  prefillMs: 90,
  decodeMs: 200,
  insideMs: 1,
  firstMs: 95,
};
const HOLDING = { request: '3', deployment: 'm@a', queue: 'm', work: WORK, sinceMs: 900, assignedMs: 950 };
const FACTS = {
  spec: SPEC,
  replicas: [
    {
      id: 'a#m',
      runner: '[]',
      slots: 2,
      isSlotsSeen: true,
      abandonedPrefills: [{ untilMs: 990, expectedMs: 10 }],
      rates: { prefill: 3000, decode: 90, samples: 3 },
      speed: { bytesPerMs: 8, fasterSamples: 0, abandonedFactor: 1, serviceMs: 300, loadMs: 500 },
    },
  ],
  deployments: [{ id: 'm@a', rateWindow: { sinceMs: 1, requests: 1, tokens: 5 } }],
  loads: [{ deployment: 'n@a', sinceMs: 980 }],
};

/** A trace with events of all kinds. */
const TRACE: readonly object[] = [
  { trace: 'hxllm.route', version: 1, begun: '2026-11-30T00:00:00Z', policy: POLICY, spec: SPEC },
  {
    t: 5,
    event: {
      kind: 'listed',
      backend: 'a',
      listing: { models: [{ name: 'm', context: 4096, family: 'llama', sizeBytes: 9 }], askedMs: 4 },
    },
  },
  ...['1', '2'].map((request) => ({
    t: 10,
    event: {
      kind: 'arrived',
      request,
      queue: 'm',
      deployments: ['m@a'],
      tried: [],
      isRetry: false,
      sinceMs: 10,
      maxWaitMs: 60_000,
      untilMs: 'Infinity',
      loadedMs: 0,
      work: WORK,
    },
    decisions: [{ assign: request, to: 'm@a', reason: 'resident', loadMs: 0 }],
    random: [0.5],
  })),
  { t: 100, event: { kind: 'started', lease: '1' } },
  { t: 300, event: { kind: 'released', lease: '1', result: 'answered', observation: OBSERVATION } },
  { t: 310, event: { kind: 'left', request: '2' } },
  { t: 320, event: { kind: 'probed', backend: 'a', alive: true } },
  { t: 330, event: { kind: 'loaded', replica: 'a#m', result: 'answered' } },
  { t: 340, event: { kind: 'tested', replica: 'a#m' } },
  { t: 350, event: { kind: 'resized', runnerKeys: [['m@a', '[["num_ctx",8192]]']], load: true } },
  { t: 360, event: { kind: 'reconfigured', spec: SPEC, policy: POLICY } },
  { t: 1000, event: { kind: 'adopted', ...HOLDING, started: false, reason: 'resident', free: 1 } },
  { t: 1010, event: { kind: 'told', facts: FACTS } },
  { t: 1020, event: { kind: 'delegated', isOn: false } },
  { t: 1100, event: { kind: 'ticked' } },
  { end: 'stopped' },
];

/** The paths of all values in a document. */
function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const below = Object.entries(value).flatMap(([key, one]) => pathsOf(one, [...path, key]));
  return path.length === 0 ? below : [path, ...below];
}

/** The document with another value at a path; `undefined`: with none. */
function withValue(document: unknown, [key = '', ...rest]: readonly string[], value: unknown): unknown {
  const inner: unknown = Object.entries(Object(document)).find(([one]) => one === key)?.[1];
  const changed = rest.length === 0 ? value : withValue(inner, rest, value);
  if (Array.isArray(document)) return document.with(Number(key), changed);
  return { ...Object(document), [key]: changed };
}

const PLACES = TRACE.flatMap((line, index) => pathsOf(line).map((path) => ({ index, path })));
const OTHERS = [null, 0, -1, 1e308, '', 'x', '__proto__', 'toString', [], [null], [1], {}, true, undefined];

test('the trace of this test is a whole one', () => {
  const replayed = replay(TRACE.map((line) => `${JSON.stringify(line)}\n`).join(''), 'f.ndjson');
  assert.ok(replayed.ok, JSON.stringify(replayed));
  assert.equal(replayed.value.rows[0]?.score.requests, 2);
});

test('a trace in which one value is another one is refused with its line, or replayed into figures', () => {
  let refused = 0;
  fc.assert(
    fc.property(fc.constantFrom(...PLACES), fc.constantFrom(...OTHERS), ({ index, path }, value) => {
      const changed = TRACE.with(index, Object(withValue(TRACE[index], path, value)));
      const replayed = replay(changed.map((line) => `${JSON.stringify(line)}\n`).join(''), 'f.ndjson');
      if (!replayed.ok) {
        refused += 1;
        assert.equal(replayed.problems[0]?.where?.file, 'f.ndjson');
        return;
      }
      for (const { score } of replayed.value.rows)
        for (const figure of [score.met, score.served, score.p50, score.p95]) assert.ok(Number.isFinite(figure));
    }),
    { numRuns: 400 },
  );
  assert.ok(refused > 100, `${String(refused)} were refused`);
});
