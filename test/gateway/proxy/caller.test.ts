import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import { callerOf, userOf } from '../../../src/gateway/proxy/caller.ts';

function callerWith(headers: IncomingHttpHeaders, batch?: true): ReturnType<typeof callerOf> {
  const context = { incoming: { headers }, record: { caller: 'k', user: 'u' } };
  // Nothing else of a request is looked at.
  return callerOf(context as unknown as Parameters<typeof callerOf>[0], batch === undefined ? undefined : { batch });
}

test('a request is a batch if its header or its body says just that; every other class is of people', () => {
  assert.ok(callerWith({ 'x-hxllm-class': 'batch' }).batch);
  assert.ok(callerWith({}, true).batch);
  assert.ok(callerWith({ 'x-hxllm-class': 'people' }, true).batch);
  for (const value of [undefined, '', 'Batch', 'batches', 'batch, people', 'background', 'x'.repeat(10_000)])
    assert.deepEqual(
      callerWith(value === undefined ? {} : { 'x-hxllm-class': value }),
      { key: 'k', user: 'u', batch: false },
      value?.slice(0, 20),
    );
});

test('a name of a caller is cut at 128 characters, and an empty one is none', () => {
  const nameOf = (caller: string, user?: string): string | undefined => {
    const context = { incoming: { headers: { 'x-hxllm-caller': caller } }, service: { config: {} }, key: undefined };
    return userOf(
      context as unknown as Parameters<typeof userOf>[0], // nothing else of a request is looked at
      user === undefined ? undefined : { user },
    );
  };
  assert.equal(nameOf('ann', 'bob'), 'ann');
  assert.equal(nameOf('', 'bob'), 'bob');
  assert.equal(nameOf('', ''), undefined);
  assert.equal(nameOf('é'.repeat(5000))?.length, 128);
});
