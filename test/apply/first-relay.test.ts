import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomId } from '../../src/core/id.ts';
import { until } from '../until.ts';
import { LIMITS, local, makeBench, must } from './bench.ts';

test('a first command whose input fails is rejected, and the next one runs', async (context) => {
  const { take } = makeBench(context);
  const host = must(await take());
  async function* source() {
    yield await Promise.resolve(Buffer.from('a part'));
    throw new Error('the source failed');
  }
  await assert.rejects(host.run({ argv: ['cat'], stdin: source() }, LIMITS), /the source failed/);
  const next = await host.run({ argv: ['echo', 'next'] }, LIMITS);
  assert.equal(next.ok && next.value.stdout, 'next\n');
});

test('a first command whose session was ended gets another one', async (context) => {
  const { take } = makeBench(context);
  const token = randomId();
  const other = must(await take({ token }));
  await local.run({ argv: ['pkill', '-f', `hxllm:ready.*hxllm ${token}`] }, LIMITS);
  await until('the session is gone', async () => {
    const left = await local.run({ argv: ['pgrep', '-f', `hxllm:ready.*hxllm ${token}`] }, LIMITS);
    return left.ok && left.value.exitCode === 1;
  });
  const ran = await other.run({ argv: ['echo', 'late'] }, LIMITS);
  assert.equal(ran.ok && ran.value.stdout, 'late\n');
});

test('a first command that takes too long is told by its own name and limit', async (context) => {
  const host = must(await makeBench(context).take());
  const ran = await host.run({ argv: ['sleep', '600'], title: 'look' }, { ...LIMITS, timeoutMs: 200 });
  assert.match(ran.ok ? '' : ran.problems[0].summary, /timed out after 0\.2 s while running “look”/);
});
