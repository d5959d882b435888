import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSingleByFamily, isSingleByName } from '../../../src/gateway/route/single-slot.ts';
import { managedFleet, Stage } from './stage.ts';

/** A server with an unknown number of slots; requests run for at least 200 ms, and those beyond the slots wait inside. */
class Runner {
  readonly stage = new Stage(managedFleet(undefined, ['a']));
  slots: number;
  mostInside = 0;
  #turn = 0;
  readonly #inside: { readonly request: string; readonly sentMs: number; startMs: number; endMs: number }[] = [];

  constructor(slots: number) {
    this.slots = slots;
    this.stage.warm();
  }

  get count(): number {
    return this.stage.fleet.replicas.get('a#m')?.slots.count ?? 0;
  }

  /** Runs a number of 10 ms turns with a request waiting at all times. */
  run(turns: number): void {
    for (const endTurn = this.#turn + turns; this.#turn < endTurn; this.#turn += 1) this.#step();
  }

  #step(): void {
    const { stage } = this;
    const inside = this.#inside;
    stage.nowMs += 10;
    if (stage.fleet.waiting.size < 20) stage.arrive({ maxWaitMs: 1e9 });
    for (const { request } of stage.decisions.splice(0).filter((decision) => decision.kind === 'assign'))
      inside.push({ request, sentMs: stage.nowMs, startMs: Infinity, endMs: Infinity });
    this.mostInside = Math.max(this.mostInside, inside.length - this.slots);
    const running = inside.filter(({ endMs }) => endMs < Infinity).length;
    for (const one of inside.filter(({ endMs }) => endMs === Infinity).slice(0, Math.max(0, this.slots - running))) {
      Object.assign(one, { startMs: stage.nowMs, endMs: stage.nowMs + 200 + (this.#turn % 7) * 30 });
      stage.start(one.request);
    }
    for (const one of inside.filter(({ endMs }) => endMs <= stage.nowMs)) {
      inside.splice(inside.indexOf(one), 1);
      stage.release(one.request, 'answered', { promptBytes: 100, prefillMs: 10, insideMs: one.startMs - one.sentMs });
    }
    if (this.#turn % 10 === 0) stage.apply({ kind: 'ticked' });
  }
}

for (const slots of [1, 2, 4, 8]) {
  test(`learned slots: ${String(slots)} are found, and at most one request waits inside the server`, () => {
    const server = new Runner(slots);
    server.run(2000);
    assert.deepEqual([server.count, server.mostInside], [slots, 1]);
  });
}

test('a server with fewer slots than before soon gets fewer requests, and more when it has more again', () => {
  const server = new Runner(4);
  server.run(2000);
  server.slots = 2;
  server.run(300);
  assert.equal(server.count, 2);
  server.mostInside = 0;
  server.run(1000);
  assert.equal(server.mostInside, 1, 'only the trial waits inside');
  server.slots = 3;
  server.run(12_000);
  assert.equal(server.count, 3);
});

/** The count after waits inside a server of so many ms; the requests run together, or one after the other ends. */
function countAfter(stated: number | undefined, insideMs: readonly number[]): number | undefined {
  const stage = new Stage(managedFleet(stated, ['a']));
  stage.warm();
  const requests = insideMs.map(() => {
    const request = stage.arrive();
    stage.start(request);
    stage.pass(100);
    return request;
  });
  stage.pass(5000);
  insideMs.forEach((ms, index) =>
    stage.release(requests[index] ?? '', 'answered', { promptBytes: 100, prefillMs: 10, insideMs: ms }),
  );
  return stage.fleet.replicas.get('a#m')?.slots.count;
}

test('a short wait inside a server, the wait of a first request, and waits without an end before them lower no slots', () => {
  assert.equal(countAfter(2, [0, 4000]), 2);
  assert.equal(countAfter(8, [0, 4000, 4000, 4000, 4000]), 8);
  assert.equal(countAfter(undefined, [4000]), 1);
  assert.equal(countAfter(undefined, [0, 90]), 2);
  assert.equal(countAfter(undefined, [0, 900]), 2);
});

test('one more slot is tried only while requests wait and all others have started', () => {
  const stage = new Stage(managedFleet(undefined, ['a']));
  stage.warm();
  const [first, second] = [stage.arrive(), stage.arrive()];
  assert.equal(stage.outcomeOf(second), 'waits');
  stage.start(first);
  assert.partialDeepStrictEqual(stage.decisionFor(second), {
    lease: { deployment: { id: 'm@a' } },
    reason: 'slot-trial',
  });
  const third = stage.arrive();
  assert.equal(stage.outcomeOf(third), 'waits', 'one trial at a time');
  stage.release(first);
  stage.pass(100);
  assert.equal(
    stage.fleet.replicas.get('a#m')?.slots.count,
    1,
    'the trial may have started only after the other request ended',
  );
});

test('a trial proves nothing if it starts at the moment in which another request ends', () => {
  const stage = new Stage(managedFleet(undefined, ['a']));
  stage.warm();
  const [first, second] = [stage.arrive(), stage.arrive()];
  stage.start(first);
  stage.start(second);
  stage.release(first);
  stage.pass(100);
  assert.equal(stage.fleet.replicas.get('a#m')?.slots.count, 1);
});

test('learned slots are forgotten when the backend goes down', () => {
  const stage = new Stage(managedFleet(undefined, ['a']));
  stage.warm();
  const [first, second] = [stage.arrive(), stage.arrive()];
  stage.start(first);
  stage.start(second);
  stage.pass(100);
  assert.equal(stage.fleet.replicas.get('a#m')?.slots.count, 2);
  stage.release(first, 'backend-failed');
  assert.equal(stage.fleet.replicas.get('a#m')?.slots.count, 1);
});

test('a model family with one slot has one slot, even if more are configured', () => {
  for (const name of [
    'nomic-embed-text:latest',
    'mxbai-embed-large',
    'all-minilm:l6-v2',
    'bge-m3',
    'snowflake-arctic-embed2',
    'qwen3-vl:8b',
    'llama3.2-vision',
    'user/embeddinggemma',
    'qwen3-embedding:4b',
  ])
    assert.ok(isSingleByName(name), name);
  for (const name of ['llama3.2:3b', 'qwen3:8b', 'phi3:3.8b-mini-128k-instruct-q8_0', 'qwen2.5vl:7b', 'gemma3'])
    assert.ok(!isSingleByName(name), name);
  for (const family of ['bert', 'nomic-bert', 'mllama', 'qwen3vl']) assert.ok(isSingleByFamily(family), family);
  const stage = new Stage(managedFleet(4, ['a']));
  stage.apply({
    kind: 'listed',
    backend: 'a',
    listing: { models: [{ name: 'm:latest', context: 512, family: 'nomic-bert' }], askedMs: 0 },
  });
  assert.equal(stage.fleet.replicas.get('a#m')?.slots.count, 1);
});
