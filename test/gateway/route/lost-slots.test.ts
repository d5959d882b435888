import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Decision, SlotRequest } from '../../../src/gateway/route/event.ts';
import { FLEET_POLICY, managedFleet, Stage } from './stage.ts';

const work = (promptTokens: number): NonNullable<SlotRequest['work']> => ({
  promptTokens,
  maxTokens: 10,
  prefix: [],
  key: 'k',
  user: undefined,
  batch: false,
});

/** Time passes, and the server lists the model every 2 s; returns the kinds of decisions about lost slots, with their times. */
function live(stage: Stage, ms: number, names: readonly string[] = ['m']): readonly (readonly [string, number])[] {
  const found: (readonly [string, number])[] = [];
  const isAbout = ({ kind }: Decision): boolean => kind === 'test' || kind === 'recall-all' || kind === 'unload';
  const endMs = stage.nowMs + ms;
  while (stage.nowMs < endMs) {
    stage.nowMs += 2000;
    const before = stage.decisions.length;
    stage.list('a', ...names);
    for (const decision of stage.decisions.slice(before))
      if (isAbout(decision)) found.push([decision.kind, stage.nowMs]);
  }
  return found;
}

function warmStage(backends: readonly string[] = ['a'], slots = 1): Stage {
  const stage = new Stage(managedFleet(slots, backends), FLEET_POLICY);
  stage.nowMs = 1000;
  stage.warm();
  for (const backend of backends) stage.list(backend, 'm');
  return stage;
}

test('a model that answers nothing for a minute is tested, and unloaded if the test does not come back', () => {
  const stage = warmStage();
  const first = stage.arrive({ work: work(100) });
  const second = stage.arrive({ work: work(100) });
  const sinceMs = stage.nowMs;
  assert.deepEqual([stage.outcomeOf(first), stage.outcomeOf(second)], ['m@a', 'waits']);
  const found = live(stage, 94_000).map(([kind, atMs]) => [kind, atMs - sinceMs]);
  assert.deepEqual(found, [
    ['test', 60_000],
    ['recall-all', 90_000],
    ['unload', 90_000],
  ]);
  stage.release(first, 'refused', { promptBytes: 0, abandoned: true });
  const again = stage.arrive({ work: work(100), isRetry: true, sinceMs });
  assert.deepEqual([stage.outcomeOf(second), stage.outcomeOf(again), stage.loads], ['waits', 'waits', []]);
  assert.deepEqual(live(stage, 2000), [['unload', stage.nowMs]], 'the model is listed still: unloaded once more');
  live(stage, 2000, []);
  assert.deepEqual(stage.loads, ['m@a'], 'it is loaded when it has gone');
  stage.load();
  assert.deepEqual(
    [stage.outcomeOf(again), stage.outcomeOf(second)],
    ['m@a', 'waits'],
    'the recalled request is first',
  );
  assert.deepEqual(stage.leaseOf(again).replica.slotWatch.unloads, 1);
});

test('a recalled request goes to another server at once', () => {
  const stage = warmStage(['a', 'b']);
  const first = stage.arrive({ deployments: ['m@a', 'm@b'], work: work(100) });
  const url = stage.leaseOf(first).backend.url;
  for (let atMs = 0; atMs <= 92_000; atMs += 2000) {
    stage.nowMs += 2000;
    stage.list(url, 'm');
  }
  assert.deepEqual(stage.unloads, ['m']);
  stage.release(first, 'refused', { promptBytes: 0, abandoned: true });
  const again = stage.arrive({ deployments: ['m@a', 'm@b'], isRetry: true, work: work(100) });
  assert.equal(stage.outcomeOf(again), url === 'a' ? 'm@b' : 'm@a');
});

test('a test that comes back is no lost slot, and the next one is later', () => {
  const stage = warmStage();
  stage.arrive({ work: work(100) });
  assert.deepEqual(
    live(stage, 60_000).map(([kind]) => kind),
    ['test'],
  );
  stage.nowMs += 1000;
  stage.apply({ kind: 'tested', replica: 'a#m' });
  const testedMs = stage.nowMs;
  const [next] = live(stage, 130_000);
  assert.ok(next?.[0] === 'test' && next[1] - testedMs >= 120_000, String(next));
});

test('a stream that runs, an answer, or a load keeps the watch from testing', () => {
  const stage = warmStage(['a'], 2);
  const running = stage.arrive({ work: work(100) });
  stage.start(running);
  stage.arrive({ work: work(100) });
  assert.deepEqual(live(stage, 300_000), [], 'the model answers another request');
  stage.release(running);
  assert.deepEqual(live(stage, 56_000), []);
  assert.deepEqual(
    live(stage, 6000).map(([kind]) => kind),
    ['test'],
  );
  stage.start(stage.arrive({ work: work(100) }));
  assert.deepEqual(live(stage, 60_000), [], 'the model began during the test');
});

test('a server with /v1 has no watch: it has no unload', () => {
  const plan = managedFleet(1, ['a']);
  const stage = new Stage({ ...plan, backends: [{ url: 'a', managed: false, slots: 1 }] }, FLEET_POLICY);
  stage.arrive({ work: work(100) });
  assert.deepEqual(live(stage, 600_000), []);
});

test('a long prompt on a slow server is never tested, whatever was cancelled before it', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 20, max: 5000, noNaN: true }),
      fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      fc.double({ min: 1, max: 7, noNaN: true }),
      (rate, prompts, isLearned, slower) => {
        const stage = warmStage();
        const replica = stage.fleet.replicas.get('a#m');
        assert.ok(replica !== undefined);
        if (isLearned) replica.rates.prefill = rate;
        // Without a sample of its own a server reads as slowly as any.
        const realRate = isLearned ? rate / slower : rate / Math.min(slower, rate / 20 || 1);
        for (const tokens of prompts.slice(1)) {
          const left = stage.arrive({ work: work(tokens) });
          if (stage.outcomeOf(left) === 'm@a') stage.release(left, 'cancelled', { promptBytes: 0 });
        }
        const last = stage.arrive({ work: work(prompts[0] ?? 1) });
        const readMs = (1000 * prompts.reduce((sum, one) => sum + one, 0)) / realRate;
        assert.deepEqual(live(stage, Math.floor(readMs / 2000) * 2000), []);
        if (stage.outcomeOf(last) === 'm@a') stage.start(last);
      },
    ),
    { numRuns: 100 },
  );
});
