import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownTurn } from '../../../src/gateway/proxy/own-turn.ts';

test('large pieces of work have one turn of the event loop each', async () => {
  const order: string[] = [];
  let turns = 0;
  let counting = true;
  const count = (): void => {
    turns += 1;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  await Promise.all(
    Array.from({ length: 5 }, async (_, at) => {
      await ownTurn();
      order.push(`${String(at)} in turn ${String(turns)}`);
    }),
  );
  counting = false;
  const turnsOf = order.map((line) => line.split(' in turn ')[1]);
  assert.equal(new Set(turnsOf).size, 5, order.join(', '));
});
