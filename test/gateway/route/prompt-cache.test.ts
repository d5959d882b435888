import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  clearPromptCache,
  coveredTokens,
  createPromptCache,
  observeDisplaced,
  occupy,
  vacate,
} from '../../../src/gateway/route/prompt-cache.ts';
import { displacedCount } from '../../../src/gateway/route/displaced-prompts.ts';
import type { PrefixLink } from '../../../src/gateway/route/work.ts';
import { FLEET_POLICY, managedFleet, RATES, Stage, work } from './stage.ts';

/** A conversation: each message is 100 tokens. */
function turns(name: number, count: number): readonly PrefixLink[] {
  return Array.from({ length: count }, (_, index) => ({ hash: name * 1000 + index, tokens: (index + 1) * 100 }));
}

test('the next turn of a conversation is covered by its last prompt and its response', () => {
  const cache = createPromptCache();
  occupy(cache, { request: 'r', prefix: turns(1, 3), slotCount: 2, nowMs: 0 });
  assert.equal(coveredTokens(cache, turns(1, 5)), 0, 'a slot at work is not free');
  vacate(cache, 'r', 60, 1);
  assert.equal(coveredTokens(cache, turns(1, 5)), 360);
  assert.equal(coveredTokens(cache, turns(2, 5)), 0);
  clearPromptCache(cache);
  assert.equal(coveredTokens(cache, turns(1, 5)), 0);
});

test('a request gets the slot with its beginning, another one the slot that was used longest ago', () => {
  const cache = createPromptCache();
  for (const name of [1, 2]) {
    occupy(cache, { request: String(name), prefix: turns(name, 3), slotCount: 2, nowMs: name });
    vacate(cache, String(name), 0, name);
  }
  occupy(cache, { request: 'again', prefix: turns(1, 4), slotCount: 2, nowMs: 3 });
  vacate(cache, 'again', 0, 3);
  occupy(cache, { request: 'other', prefix: turns(3, 3), slotCount: 2, nowMs: 4 });
  vacate(cache, 'other', 0, 4);
  assert.equal(coveredTokens(cache, turns(1, 4)), 400);
  assert.equal(coveredTokens(cache, turns(2, 3)), 150, 'a displaced prompt is half believed at first');
  for (let sample = 0; sample < 20; sample += 1) observeDisplaced(cache, 0);
  assert.equal(coveredTokens(cache, turns(2, 3)), 0);
});

test('a prompt that its server refuses was never read: the slot has what it had before', () => {
  const stage = new Stage(managedFleet(1, ['a']), FLEET_POLICY);
  stage.warm();
  const ask = (name: number): ReturnType<Stage['leaseOf']> =>
    stage.leaseOf(stage.arrive({ work: work({ promptTokens: 500, prefix: turns(name, 5) }) }));
  const end = (name: number, result: 'answered' | 'refused' | 'busy'): number => {
    const { covered, request } = ask(name);
    stage.release(request, result);
    stage.pass(1000);
    return covered;
  };
  end(1, 'answered');
  assert.equal(end(2, 'refused'), 0);
  assert.equal(end(2, 'busy'), 0, 'the same prompt again is no prefix of anything');
  assert.equal(end(1, 'answered'), 500);
});

test('ten thousand conversations keep no more than the slots and 65,536 displaced tokens', () => {
  const cache = createPromptCache();
  for (let name = 0; name < 10_000; name += 1) {
    occupy(cache, { request: String(name), prefix: turns(name, 40), slotCount: 4, nowMs: name });
    vacate(cache, String(name), 100, name);
  }
  assert.equal(cache.slots.length, 4);
  assert.ok(displacedCount(cache.displaced) <= 17, String(displacedCount(cache.displaced)));
});

/** Two conversations that take turns in the only slot of a backend, which reads 3,500 tokens a second; `kept`: it keeps a displaced prompt. */
function takingTurns(kept: boolean): { readonly trust: number; readonly prefill: number | undefined } {
  const stage = new Stage(managedFleet(1, ['a']), FLEET_POLICY);
  stage.warm();
  stage.list('a', 'm');
  const replica = stage.fleet.replicas.get('a#m');
  assert.ok(replica !== undefined);
  Object.assign(replica.rates, RATES);
  for (let turn = 1; turn <= 30; turn += 1)
    for (const name of [1, 2]) {
      const prefix = turns(name, 20 + turn);
      const promptTokens = prefix.at(-1)?.tokens ?? 0;
      const request = stage.arrive({ work: work({ promptTokens, prefix }) });
      const prefillMs = (kept && turn > 1 ? 100 : promptTokens) / 3.5;
      stage.nowMs += prefillMs;
      stage.start(request);
      stage.release(request, 'answered', { promptBytes: 4 * promptTokens, promptTokens, outTokens: 0, prefillMs });
    }
  return { trust: replica.promptCache.trust, prefill: replica.rates.prefill };
}

test('a backend that keeps no displaced prompt is not believed to, and its rate is learned from other prompts', () => {
  const { trust, prefill = 0 } = takingTurns(false);
  assert.ok(trust < 0.2, String(trust));
  assert.ok(Math.abs(prefill - 3500) < 100, String(prefill));
});

test('a backend that keeps displaced prompts is believed to', () => {
  const { trust, prefill = 0 } = takingTurns(true);
  assert.ok(trust > 0.9, String(trust));
  assert.ok(Math.abs(prefill - 3500) < 100, String(prefill));
});
