import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idleCores, roomBeside, untilCoreIdle, type IdleReading } from './idle.ts';

test('idle cores are the idle time that was added, by the time that has passed', () => {
  const earlier = { idleMs: 5000, atMs: 1000 };
  assert.equal(idleCores(earlier, { idleMs: 6500, atMs: 2000 }), 1.5);
  assert.equal(idleCores(earlier, { idleMs: 5000, atMs: 1000 }), 0);
});

test('a second file waits until most of a core was idle for a second', async () => {
  // Two cores: busy, half of one idle, and then more.
  const readings = [0, 0, 500, 1200].map((idleMs, second): IdleReading => ({ idleMs, atMs: second * 1000 }));
  const never = new AbortController();
  await untilCoreIdle(never.signal, () => readings.shift() ?? assert.fail('it looked once more'));
  assert.equal(readings.length, 0);
});

test('a second file waits no longer than there are files', async () => {
  const over = new AbortController();
  const waiting = untilCoreIdle(over.signal, () => ({ idleMs: 0, atMs: performance.now() }));
  over.abort();
  await waiting;
});

test('beside nothing there is always room, also where what was beside it has failed', async () => {
  for (const heavy of [Promise.resolve(), Promise.reject(new Error('odd'))]) {
    const room = roomBeside(heavy);
    await heavy.catch(() => undefined);
    const never = new AbortController();
    await room(never.signal);
    await room(never.signal);
  }
});
