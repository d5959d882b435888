import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { watchInterruption } from '../../../src/cli/terminal/interruption.ts';

/** A clock that advances by one second at every reading. */
function secondsApart(): () => number {
  let ms = 0;
  return () => (ms += 1000);
}

test('the first signal aborts, the second exits at once, and dispose removes the handlers', async () => {
  const before = process.listenerCount('SIGTERM');
  const said: string[] = [];
  const left = new Promise<void>((resolve) => {
    const interruption = watchInterruption(
      () => void said.push('first'),
      () => {
        said.push('leave');
        interruption.dispose();
        resolve();
      },
      secondsApart(),
    );
    process.kill(process.pid, 'SIGTERM');
    void once(interruption.signal, 'abort').then(() => process.kill(process.pid, 'SIGINT'));
  });
  await left;
  assert.deepEqual(said, ['first', 'leave']);
  assert.equal(process.listenerCount('SIGTERM'), before);
});

test('a Ctrl-C that npm forwards right after the terminal’s own is not a second one', async () => {
  const said: string[] = [];
  const interruption = watchInterruption(
    () => void said.push('first'),
    () => void said.push('leave'),
    () => 0,
  );
  const twice = new Promise<void>((resolve) => {
    let heard = 0;
    process.on('SIGINT', function hear() {
      heard += 1;
      if (heard === 1) return void process.kill(process.pid, 'SIGINT');
      process.off('SIGINT', hear);
      return resolve();
    });
  });
  process.kill(process.pid, 'SIGINT');
  await twice;
  interruption.dispose();
  assert.deepEqual(said, ['first']);
});
