import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemaOfCall } from '../../../../src/gateway/api/dialect/call-schema.ts';
import { isObject } from '../../../../src/gateway/json.ts';
import type { Tool } from '../../../../src/gateway/exchange.ts';

// Parameters are JSON text: in an object literal `__proto__` would set the prototype.
const tool = (name: string, parameters: string): Tool => ({
  name,
  definition: { type: 'function', function: { name, parameters: JSON.parse(parameters) as unknown } },
});

test('definitions are found from the root, whatever they are called', () => {
  const schema = schemaOfCall([
    tool(
      'f',
      '{"properties":{"a":{"$ref":"#/$defs/__proto__"}},"$defs":{"__proto__":{"type":"string"},"constructor":{"type":"number"}}}',
    ),
    tool('g', '{"$defs":{"toString":{"type":"null"}}}'),
  ]);
  assert.equal(
    JSON.stringify(schema?.['$defs']),
    '{"__proto__":{"type":"string"},"constructor":{"type":"number"},"toString":{"type":"null"}}',
  );
  assert.equal(isObject(schema) && Object.hasOwn(schema, 'definitions'), false);
});

test('tools whose definitions differ under one name do not fit into one schema; equal ones do', () => {
  const of = (type: string): string => `{"definitions":{"A":{"type":"${type}"}}}`;
  assert.equal(schemaOfCall([tool('f', of('string')), tool('g', of('number'))]), undefined);
  assert.deepEqual(schemaOfCall([tool('f', of('string')), tool('g', of('string'))])?.['definitions'], {
    A: { type: 'string' },
  });
});
