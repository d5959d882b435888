import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Exchange } from '../../../src/phases/smoke/exchange.ts';
import { hasInMemory, readMemory } from '../../../src/phases/smoke/memory.ts';

function answer(body: string, status = 200): Exchange {
  const asked = { method: 'GET', url: 'http://h/health', key: 'right', body: undefined } as const;
  return { asked, outcome: { answered: true, reply: { status, headers: {}, body, firstByteMs: 1, totalMs: 1 } } };
}

test('any answer of /health is read, or says nothing about memory', () => {
  const part = fc.oneof(
    fc.jsonValue(),
    fc.record({ model_name: fc.jsonValue(), model: fc.jsonValue(), api_base: fc.jsonValue() }),
    fc.record({ backend: fc.jsonValue(), resident: fc.jsonValue(), slots: fc.jsonValue() }),
  );
  const body = fc.record({
    healthy_endpoints: fc.oneof(part, fc.array(part)),
    backends: fc.oneof(part, fc.array(part)),
  });
  fc.assert(
    fc.property(fc.oneof(body, fc.jsonValue()), (value) => {
      const memory = readMemory(answer(JSON.stringify(value)));
      assert.equal(typeof hasInMemory(memory, 'a', 'http://a'), 'boolean');
    }),
    { numRuns: 500 },
  );
  for (const [text, status] of [
    ['', 200],
    ['<html>', 200],
    ['{"backends":[{}]}', 401],
  ] as const)
    assert.equal(readMemory(answer(text, status)), undefined);
  assert.equal(readMemory(undefined), undefined);
});
