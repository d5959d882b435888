import assert from 'node:assert/strict';
import { test } from 'node:test';
import { charge, createFlows, flowOf, goesFirst, type Flow } from '../../../src/gateway/route/flow.ts';

const WAITS = { live: 1 };

/** Serves whichever caller goes first, a second for each request; returns the number of requests of each that were served. */
function serve(turns: number, callers: readonly (() => Flow)[]): readonly number[] {
  const served = callers.map(() => 0);
  for (let turn = 0; turn < turns; turn += 1) {
    const waiting = callers.map((caller) => Object.assign(caller(), WAITS));
    const first = waiting.reduce((best, flow, index) => (goesFirst(flow, waiting[best] ?? flow) ? index : best), 0);
    const flow = waiting[first];
    if (flow !== undefined) charge(flow, 1);
    served[first] = (served[first] ?? 0) + 1;
  }
  return served;
}

test('two keys get the same time, however many users one of them has', () => {
  const flows = createFlows();
  let user = 0;
  const [one = 0, many = 0] = serve(200, [
    () => flowOf(flows, { key: 'a', user: 'u' }),
    () => flowOf(flows, { key: 'b', user: `u${String((user += 1) % 20)}` }),
  ]);
  assert.ok(Math.abs(one - many) <= 2, `${String(one)} and ${String(many)}`);
});

test('a caller that invents a name for each request gains nothing', () => {
  const flows = createFlows();
  let names = 0;
  flowOf(flows, { key: 'k', user: 'polite' });
  const [polite = 0, inventor = 0] = serve(200, [
    () => flowOf(flows, { key: 'k', user: 'polite' }),
    () => flowOf(flows, { key: 'k', user: `invented ${String((names += 1))}` }),
  ]);
  assert.ok(polite >= inventor - 2, `${String(polite)} and ${String(inventor)}`);
});

test('a new caller of a key begins at the mean of its callers, and not at the least', () => {
  const flows = createFlows();
  const known = (user: string): Flow => {
    flowOf(flows, { key: 'k', user });
    return flowOf(flows, { key: 'k', user });
  };
  const [busy, idle] = [known('busy'), known('idle')];
  charge(busy, 8);
  // Its first request goes with all names that were not seen before, and the next one by its own.
  for (const flow of [flowOf(flows, { key: 'k', user: 'new' }), flowOf(flows, { key: 'k', user: 'new' })]) {
    assert.ok(goesFirst(idle, flow), 'a caller that has had less goes first');
    assert.ok(goesFirst(flow, busy));
  }
});

test('a caller that was away makes up for 10 s at most, and at most 64 names of a key are remembered', () => {
  const flows = createFlows();
  const busy = flowOf(flows, { key: 'a', user: undefined });
  for (let turn = 0; turn < 100; turn += 1) charge(busy, 1);
  const back = flowOf(flows, { key: 'b', user: undefined });
  assert.ok(busy.owner.virtualS - back.owner.virtualS <= 11);
  for (let name = 0; name < 1000; name += 1) flowOf(flows, { key: 'a', user: String(name) });
  assert.equal(busy.owner.users.size, 64);
});

test('a long response does not put a caller behind one that never stops asking', () => {
  const flows = createFlows();
  const greedy = flowOf(flows, { key: 'greedy', user: undefined });
  const polite = flowOf(flows, { key: 'polite', user: undefined });
  Object.assign(greedy, WAITS);
  greedy.owner.live = 1;
  for (let turn = 0; turn < 100; turn += 1) charge(greedy, 1);
  charge(flowOf(flows, { key: 'polite', user: undefined }), 8);
  assert.ok(goesFirst(flowOf(flows, { key: 'polite', user: undefined }), greedy));
  charge(polite, 8);
  assert.ok(!goesFirst(flowOf(flows, { key: 'polite', user: undefined }), greedy), 'its lead is used up');
});
