import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBody } from '../../../src/gateway/ollama/schema.ts';
import { DONE, piece, startFake } from '../fake-upstream.ts';
import { startGateway } from '../running.ts';

test('limits of a schema that are too many for a grammar are left out, wherever they stand, and nothing else', () => {
  const usual = { type: 'object', properties: { a: { type: 'string', maxLength: 2000, pattern: '^[0-9]{4}$' }, maxLength: { type: 'integer', maximum: 1e9 } } };
  assert.equal(formatBody(usual), usual);
  assert.deepEqual(formatBody({ anyOf: [{ type: 'string', minLength: 5000, maxLength: 10_000 }, { type: 'array', minItems: 1, maxItems: 1e6, items: { type: 'string', pattern: '^a{1,9999}$' } }] }), { anyOf: [{ type: 'string' }, { type: 'array', minItems: 1, items: { type: 'string' } }] });
  assert.deepEqual([formatBody('json'), formatBody(undefined)], ['json', undefined]);
});

test('a client is told that its schema is not held to in all', async () => {
  await using fake = await startFake((_got, outgoing) => void outgoing.end(piece('"a"') + DONE));
  await using gateway = await startGateway([fake]);
  const named = async (maxLength: number): Promise<string | null> => (await gateway.chat({ response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'string', maxLength } } } })).headers.get('x-hxllm-ignored-params');
  assert.deepEqual([await named(2000), await named(2001)], [null, 'response_format']);
  assert.deepEqual(fake.requests.map(({ body }) => (JSON.parse(body) as { format: unknown }).format), [{ type: 'string', maxLength: 2000 }, { type: 'string' }]);
});
