import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PromptMemory } from '../../../src/gateway/upstream/prompt-memory.ts';

const M = { url: 'http://a', model: 'm' };
const text = (seed: string, length: number): string => seed.padEnd(length, `${seed} `);

test('only the part of a prompt that its conversation does not have yet counts', () => {
  const memory = new PromptMemory();
  const first = text('once', 400_000);
  assert.equal(memory.add(M, first), 400_000);
  assert.equal(memory.add(M, `${first}and then`), 8);
  assert.equal(memory.add(M, `${first}and then`), 0, 'it is asked again');
  assert.equal(memory.add({ ...M, model: 'other' }, first), 400_000, 'another model has another cache');
  assert.equal(memory.add({ ...M, url: 'http://b' }, first), 400_000, 'so has another server');
});

test('conversations that take turns are kept apart, and a short prompt counts as it is', () => {
  const memory = new PromptMemory();
  const [a, b] = [text('alpha', 50_000), text('beta', 50_000)];
  memory.add(M, a);
  memory.add(M, b);
  assert.deepEqual([memory.add(M, `${a}more`), memory.add(M, `${b}more`)], [4, 4]);
  assert.deepEqual([memory.add(M, 'short'), memory.add(M, 'short')], [5, 5]);
});

test('no more is kept than 8 Mi characters, however many models and conversations there are', () => {
  const memory = new PromptMemory();
  for (let turn = 0; turn < 60; turn += 1)
    memory.add({ ...M, model: `m${String(turn % 20)}` }, text(`conversation ${String(turn)}`, 900_000));
  assert.ok(memory.characters <= 8 * 1024 * 1024);
  const huge = text('huge', 5_000_000);
  assert.deepEqual([memory.add(M, huge), memory.add(M, huge)], [5_000_000, 5_000_000]);
});
