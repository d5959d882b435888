import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LivenessWatch } from '../../../src/gateway/upstream/liveness-watch.ts';

/** A watch whose probes have these answers, one after the other, and then none. */
function keep(answers: readonly boolean[]): { readonly vigil: LivenessWatch; readonly asked: string[] } {
  const asked: string[] = [];
  const left = [...answers];
  return {
    asked,
    vigil: new LivenessWatch((server) => {
      asked.push(server);
      return Promise.resolve(left.shift() ?? false);
    }),
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('three questions in a row that nobody answers are the end, for all who wait there', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { vigil, asked } = keep([false, false, true, false, false, false]);
  const told: string[] = [];
  vigil.watch('a', () => told.push('first'));
  vigil.watch('a', () => told.push('second'));
  for (let turn = 1; turn <= 6; turn += 1) {
    await settle();
    assert.deepEqual([asked.length, told.length], [turn, turn < 6 ? 0 : 2]);
    t.mock.timers.tick(3000);
  }
  assert.deepEqual(told, ['first', 'second']);
  await settle();
  assert.equal(asked.length, 6, 'and nobody is asked any more');
});

test('a request that left is told nothing, and with the last one the questions end', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { vigil, asked } = keep([]);
  const end = vigil.watch('a', () => assert.fail('told'));
  await settle();
  end();
  t.mock.timers.tick(30_000);
  await settle();
  assert.deepEqual(asked, ['a']);
  let dead = false;
  vigil.watch('a', () => {
    dead = true;
  });
  for (let turn = 0; turn < 3; turn += 1) {
    await settle();
    t.mock.timers.tick(3000);
  }
  assert.equal(dead, true, 'and they begin anew with another');
});
