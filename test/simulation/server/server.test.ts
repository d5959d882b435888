import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PrefixPart } from '../../../src/simulation/request.ts';
import { loaded } from './stage.ts';

function near(actual: number, expected: number, message: string): void {
  assert.ok(
    Math.abs(actual - expected) < 1e-3 * Math.max(1, expected),
    `${message}: ${String(actual)}, ${String(expected)}`,
  );
}

test('a request alone reads its prompt at full speed, and writes its answer at that of one stream', () => {
  const { stage, startS } = loaded(['a']);
  stage.chat('a', 'x');
  stage.run();
  near(stage.at('FIRST x') - startS, 0.1, '350 tokens at 3,500 a second');
  near(stage.at('END x') - stage.at('FIRST x'), 1, 'the other 95 tokens at 95 a second');
});

test('a server of a third of the speed takes three times as long', () => {
  const { stage, startS } = loaded(['a'], { speed: 1 / 3 });
  stage.chat('a', 'x');
  stage.run();
  near(stage.at('END x') - startS, 3.3, 'prompt and answer');
});

test('prompts are read one by one, and slow the answers down', () => {
  const { stage, startS } = loaded(['a']);
  stage.chat('a', 'x', { outputTokens: 1 });
  stage.chat('a', 'y', { promptTokens: 3500, outputTokens: 1 });
  stage.run(2000);
  near(stage.at('FIRST x') - startS, 0.1, 'x is first');
  near(stage.at('FIRST y') - startS, 1.1, 'y is read after x');
  const again = stage.clock.nowMs / 1000;
  stage.chat('a', 'long', { promptTokens: 1, outputTokens: 10_000 });
  stage.chat('a', 'z', { promptTokens: 3500, outputTokens: 1 });
  stage.run();
  near(stage.at('FIRST z') - again, 1 + 3500 / 512 / 95, 'each batch has a token of the answer');
});

test('four answers together are written 2.35 times as fast as one, and a fifth request waits for a slot', () => {
  const { stage } = loaded(['a']);
  for (const name of ['1', '2', '3', '4', '5']) stage.chat('a', name, { promptTokens: 1, outputTokens: 951 });
  assert.equal(stage.server.freeSlots('a'), 0);
  stage.run();
  near(stage.at('END 4') - stage.at('FIRST 1'), (4 * 950) / (95 * 2.35), 'four together');
  assert.ok(stage.at('FIRST 5') > stage.at('END 1'));
});

test('two busy models get 1/2^0.92 of the machine each', () => {
  const { stage, startS } = loaded(['a', 'b']);
  stage.chat('a', 'x');
  stage.chat('b', 'y');
  stage.run();
  near(stage.at('END x') - startS, 1.1 * 2 ** 0.92, 'x');
  near(stage.at('END y') - startS, 1.1 * 2 ** 0.92, 'y');
});

test('the first request that waits for memory blocks the rest, and a busy model is waited for', () => {
  const { stage, startS } = loaded(['a', 'b']);
  stage.chat('a', 'x', { outputTokens: 951 });
  stage.chat('b', 'y', { outputTokens: 951 });
  stage.chat('c', 'z');
  stage.run(30_000);
  // Both are busy: a goes, for its path. b answers meanwhile.
  near(stage.at('FIRST z') - startS, stage.at('END x') - startS + 6 + 0.1, 'after x, a load and the prompt');
  assert.deepEqual(stage.server.list(), ['b', 'c']);
  assert.deepEqual(
    stage.server.loads.map(({ model, cause }) => [model, cause]),
    [
      ['a', 'gateway'],
      ['b', 'gateway'],
      ['c', 'chat'],
    ],
  );
});

test('an idle model goes before a busy one, and its copy counts as unused if it has answered nothing', () => {
  const { stage } = loaded(['a', 'b']);
  stage.chat('a', 'x', { outputTokens: 951 });
  stage.load('c');
  stage.run();
  assert.deepEqual(stage.server.list(), ['a', 'c']);
  assert.deepEqual(
    stage.server.loads.map(({ isUnused }) => isUnused),
    [false, true, false],
  );
});

test('a load dies with the client whose request began it, and the next in line goes on', () => {
  const { stage, startS } = loaded(['a', 'b']);
  const left = stage.chat('c', 'x');
  stage.chat('c', 'y');
  stage.run(3000);
  stage.server.leave(left);
  stage.run();
  near(stage.at('FIRST y') - startS, 3 + 6 + 0.1, 'loaded anew');
  assert.equal(stage.times.has('FIRST x'), false);
});

test('a model that is idle for five minutes leaves, and a used one stays', () => {
  const { stage } = loaded(['a', 'b']);
  stage.clock.in(200_000, () => stage.chat('a', 'x'));
  stage.run(320_000);
  assert.deepEqual(stage.server.list(), ['a']);
});

test('a prompt whose client leaves is read to its end, and an answer stops at once', () => {
  const { stage } = loaded(['a'], { slots: 1 });
  const read = stage.chat('a', 'x', { promptTokens: 3500 });
  stage.run(500);
  const startS = stage.clock.nowMs / 1000;
  stage.server.leave(read);
  const written = stage.chat('a', 'y');
  stage.run(1000);
  near(stage.at('FIRST y') - startS, 0.5 + 0.1, 'after the rest of the prompt');
  stage.server.leave(written);
  stage.chat('a', 'z');
  const againS = stage.clock.nowMs / 1000;
  stage.run();
  near(stage.at('FIRST z') - againS, 0.1, 'at once');
});

test('a server that dies breaks every connection and forgets its models', () => {
  const { stage } = loaded(['a']);
  stage.chat('a', 'x');
  stage.chat('b', 'y');
  stage.server.die();
  stage.chat('a', 'z');
  stage.run(10);
  assert.deepEqual(
    [...stage.times.keys()].filter((event) => event.startsWith('FAILED')),
    ['FAILED x', 'FAILED y', 'FAILED z'],
  );
  assert.equal(stage.server.list(), undefined);
  stage.server.start();
  assert.deepEqual(stage.server.list(), []);
});

test('a server that stands still goes on where it was', () => {
  const { stage, startS } = loaded(['a']);
  stage.chat('a', 'x');
  stage.run(500);
  stage.server.setSlow(0);
  assert.equal(stage.server.list(), undefined);
  stage.run(10_000);
  stage.server.setSlow(1);
  stage.run();
  near(stage.at('END x') - startS, 11.1, '10 s later');
});

test('the slot with the longest common start serves a prompt, and reads only the rest', () => {
  const { stage } = loaded(['a']);
  const first: readonly PrefixPart[] = [{ hash: 7, tokens: 3500 }];
  for (const name of ['x', 'w']) {
    stage.chat('a', name, { promptTokens: 3500, ...(name === 'x' ? { prefix: first } : {}) });
    stage.run(5000);
  }
  const startS = stage.clock.nowMs / 1000;
  stage.chat('a', 'y', { promptTokens: 3850, prefix: [...first, { hash: 8, tokens: 3850 }] });
  stage.run();
  near(stage.at('FIRST y') - startS, 0.1, '350 of 3,850 tokens');
});

test('a displaced prompt comes back from host memory where there is one', () => {
  for (const hasHostMemory of [false, true]) {
    const { stage } = loaded(['a'], { slots: 1, hasHostMemory });
    const prefix: readonly PrefixPart[] = [{ hash: 7, tokens: 3500 }];
    for (const name of ['x', 'other']) {
      stage.chat('a', name, { promptTokens: 3500, ...(name === 'x' ? { prefix } : {}) });
      stage.run(5000);
    }
    const startS = stage.clock.nowMs / 1000;
    stage.chat('a', 'y', { promptTokens: 3850, prefix: [...prefix, { hash: 8, tokens: 3850 }] });
    stage.run();
    near(stage.at('FIRST y') - startS, hasHostMemory ? 0.1 : 1.1, String(hasHostMemory));
  }
});
