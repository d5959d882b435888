import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk } from '../../../src/gateway/scheduler/scheduler.ts';
import { createFleet } from '../../../src/gateway/route/fleet.ts';
import { managedPlan, POLICY } from '../route/stage.ts';

test('a place that was given to one who leaves in the same moment is given back', () => {
  const desk: Desk = new Desk(createFleet(managedPlan(2, ['a'])), POLICY, () => 0, {
    onDown: () => {},
    onUp: () => {},
    onLoad: () => {},
    onUnload: () => {},
  });
  const wish = {
    line: 'm',
    places: ['m@a'],
    tried: [],
    again: false,
    sinceMs: 0,
    mostWaitMs: Infinity,
    untilMs: Infinity,
    loadedMs: 0,
  };
  const tickets: (string | undefined)[] = [];
  // Whichever is told first takes the other along, as the answers to one client do when one of them fails.
  const told = [0, 1].filter((mine) => {
    let heard = false;
    tickets[mine] = desk.ask(wish, (fate) => {
      heard = true;
      assert.equal(mine, 0);
      desk.leave(tickets[1] ?? '');
      if (fate.kind === 'assign') desk.release(fate.flight, 'refused');
    });
    return heard;
  });
  assert.deepEqual([told, desk.waiting], [[], 2]);
  desk.loaded('a#m', 'answered', undefined);
  assert.deepEqual([desk.waiting, desk.inFlight], [0, 0]);
  desk.ask(wish, ({ kind }) => {
    assert.deepEqual([kind, desk.inFlight], ['assign', 1]);
  });
  assert.equal(desk.inFlight, 1, 'and who is answered at once keeps its place');
  desk.close();
});
