import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { watchInterruption } from '../../../src/cli/terminal/interruption.ts';

test('the first signal aborts, the second leaves at once, and afterwards the signals are free again', async () => {
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
    );
    process.kill(process.pid, 'SIGTERM');
    void once(interruption.signal, 'abort').then(() => process.kill(process.pid, 'SIGINT'));
  });
  await left;
  assert.deepEqual(said, ['first', 'leave']);
  assert.equal(process.listenerCount('SIGTERM'), before);
});
