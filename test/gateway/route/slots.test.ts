import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSingleByFamily, isSingleByName } from '../../../src/gateway/route/single-slot.ts';
import { managedPlan, Stage } from './stage.ts';

/** A stage before a server with so many slots, of which nobody knows; requests run for `runMs`, those beyond the slots wait inside. */
function learn(slots: number, turns: number): { count: number; mostInside: number } {
  const stage = new Stage(managedPlan(undefined, ['a']));
  stage.warm();
  const inside: { request: string; endMs: number; started: boolean }[] = [];
  let mostInside = 0;
  for (let turn = 0; turn < turns; turn += 1) {
    stage.nowMs += 10;
    if (stage.fleet.waiting.size < 20) stage.arrive({ mostWaitMs: 1e9 });
    for (const { request } of stage.decisions.splice(0).filter((decision) => decision.kind === 'assign')) inside.push({ request, endMs: Number.POSITIVE_INFINITY, started: false });
    mostInside = Math.max(mostInside, inside.length - slots);
    for (const one of inside.slice(0, slots)) {
      if (one.started) continue;
      Object.assign(one, { started: true, endMs: stage.nowMs + 200 + (turn % 7) * 30 });
      stage.start(one.request);
    }
    for (const one of inside.filter(({ endMs }) => endMs <= stage.nowMs)) {
      inside.splice(inside.indexOf(one), 1);
      stage.release(one.request);
    }
    if (turn % 10 === 0) stage.tell({ kind: 'ticked' });
  }
  return { count: stage.fleet.replicas.get('a#m')?.slots.count ?? 0, mostInside };
}

for (const slots of [1, 2, 4, 8]) {
  test(`where nobody states the slots, ${String(slots)} are found, and no more than one request ever waits inside the server`, () => {
    assert.deepEqual(learn(slots, 2000), { count: slots, mostInside: 1 });
  });
}

test('one more is tried only while others wait and all the others have begun', () => {
  const stage = new Stage(managedPlan(undefined, ['a']));
  stage.warm();
  const [first, second] = [stage.arrive(), stage.arrive()];
  assert.equal(stage.placeOf(second), 'waits');
  stage.start(first);
  assert.partialDeepStrictEqual(stage.fateOf(second), { flight: { place: { id: 'm@a' } }, reason: 'slot-trial' });
  const third = stage.arrive();
  assert.equal(stage.placeOf(third), 'waits', 'one trial at a time');
  stage.release(first);
  stage.pass(100);
  assert.equal(stage.fleet.replicas.get('a#m')?.slots.count, 1, 'it began only when the other had ended, if at all');
});

test('a trial that begins in the same moment as another ends proves nothing', () => {
  const stage = new Stage(managedPlan(undefined, ['a']));
  stage.warm();
  const [first, second] = [stage.arrive(), stage.arrive()];
  stage.start(first);
  stage.start(second);
  stage.release(first);
  stage.pass(100);
  assert.equal(stage.fleet.replicas.get('a#m')?.slots.count, 1);
});

test('what was found out is forgotten when the server goes', () => {
  const stage = new Stage(managedPlan(undefined, ['a']));
  stage.warm();
  const [first, second] = [stage.arrive(), stage.arrive()];
  stage.start(first);
  stage.start(second);
  stage.pass(100);
  assert.equal(stage.fleet.replicas.get('a#m')?.slots.count, 2);
  stage.release(first, 'backend-failed');
  assert.equal(stage.fleet.replicas.get('a#m')?.slots.count, 1);
});

test('a model that has one slot everywhere has one whatever is stated, by its name or by what the server lists', () => {
  for (const name of ['nomic-embed-text:latest', 'mxbai-embed-large', 'all-minilm:l6-v2', 'bge-m3', 'snowflake-arctic-embed2', 'qwen3-vl:8b', 'llama3.2-vision', 'user/embeddinggemma', 'qwen3-embedding:4b']) assert.ok(isSingleByName(name), name);
  for (const name of ['llama3.2:3b', 'qwen3:8b', 'phi3:3.8b-mini-128k-instruct-q8_0', 'qwen2.5vl:7b', 'gemma3']) assert.ok(!isSingleByName(name), name);
  for (const family of ['bert', 'nomic-bert', 'mllama', 'qwen3vl']) assert.ok(isSingleByFamily(family), family);
  const stage = new Stage(managedPlan(4, ['a']));
  stage.tell({ kind: 'listed', backend: 'a', listing: { models: [{ name: 'm:latest', context: 512, family: 'nomic-bert' }], askedMs: 0 } });
  assert.equal(stage.fleet.replicas.get('a#m')?.slots.count, 1);
});
