import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { listenForSignals } from '../../../src/gateway/process/signals.ts';

test('SIGHUPs that come during a reload are one more reload', async () => {
  const signals = listenForSignals();
  const ends: (() => void)[] = [];
  signals.onHangUp(
    () =>
      new Promise<void>((resolve) => {
        ends.push(resolve);
      }),
  );
  for (let sent = 0; sent < 5; sent += 1) process.emit('SIGHUP');
  assert.equal(ends.length, 1);
  ends[0]?.();
  await turn();
  assert.equal(ends.length, 2, 'the four that came meanwhile are one');
  ends[1]?.();
  await turn();
  assert.equal(ends.length, 2);
  process.emit('SIGHUP');
  assert.equal(ends.length, 3, 'a later one is another');
  ends[2]?.();
  signals.forget();
});
