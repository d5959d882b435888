import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { listenForSignals } from '../../../src/gateway/process/signals.ts';

test('SIGHUPs that come during a reload are one more reload', async () => {
  const signals = listenForSignals(false);
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

test('on a terminal SIGHUP stops the gateway, and a second one stops it at once; without one it reloads', async () => {
  let reloads = 0;
  const onTerminal = listenForSignals(true);
  onTerminal.onHangUp(() => Promise.resolve((reloads += 1)));
  process.emit('SIGHUP');
  await onTerminal.first;
  assert.equal(onTerminal.second.aborted, false);
  process.emit('SIGHUP');
  assert.equal(onTerminal.second.aborted, true);
  onTerminal.forget();
  assert.equal(reloads, 0);
  const service = listenForSignals(false);
  service.onHangUp(() => Promise.resolve((reloads += 1)));
  process.emit('SIGHUP');
  service.forget();
  assert.equal(reloads, 1);
});

test('SIGHUP after a stop reloads nothing', () => {
  const signals = listenForSignals(false);
  let reloads = 0;
  signals.onHangUp(() => Promise.resolve((reloads += 1)));
  process.emit('SIGTERM');
  process.emit('SIGHUP');
  signals.forget();
  assert.equal(reloads, 0);
});
