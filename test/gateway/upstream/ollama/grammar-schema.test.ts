import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChatRequest, Tool } from '../../../../src/gateway/exchange.ts';
import { formatBody, unheldParams } from '../../../../src/gateway/upstream/ollama/schema.ts';
import { ANY_VALUE as ANY } from '../../../../src/gateway/upstream/ollama/typed-schema.ts';
import { PLAIN_CHAT } from '../chat-request.ts';

type Schema = Readonly<Record<string, unknown>>;

const chat = (more: Partial<ChatRequest>): ChatRequest => ({ ...PLAIN_CHAT, ...more });

const translated = (format: Schema): readonly [unknown, readonly string[]] => {
  const params = chat({ format });
  return [
    formatBody(params),
    unheldParams({ kind: 'chat', params }).map((name) => name.replace('response_format.', '')),
  ];
};

const text = { type: 'string' };
const integer = { type: 'integer' };
const object = (properties: object, more: object = {}): Schema => ({ type: 'object', properties, ...more });
const array = (more: object): Schema => ({ type: 'array', ...more });

test('a boolean schema is rewritten wherever a schema may stand', () => {
  const cases: readonly (readonly [Schema, unknown, readonly string[]])[] = [
    [object({ x: true, y: false }, { required: ['x'] }), object({ x: ANY }, { required: ['x'] }), []],
    [array({ items: true, minItems: 1 }), array({ items: ANY, minItems: 1 }), []],
    [array({ items: false }), array({ items: ANY, maxItems: 0 }), []],
    [array({ prefixItems: [integer, true], items: false }), array({ prefixItems: [integer, ANY] }), []],
    [array({ items: [integer, false] }), array({ prefixItems: [integer] }), []],
    [{ anyOf: [true, text] }, ANY, []],
    [{ anyOf: [false, text] }, { anyOf: [text] }, []],
    [{ oneOf: [false, text] }, { anyOf: [text] }, ['oneOf']],
    [{ allOf: [true, object({ a: text })] }, object({ a: text }), []],
    [{ type: 'object', additionalProperties: true }, { type: 'object', additionalProperties: true }, []],
    [
      object({ a: text }, { additionalProperties: { anyOf: [true] } }),
      object({ a: text }, { additionalProperties: true }),
      [],
    ],
    [
      { type: 'object', patternProperties: { '^x': true } },
      { type: 'object', additionalProperties: true },
      ['patternProperties'],
    ],
    [
      object({ a: { $ref: '#/$defs/T' }, b: { $ref: '#/$defs/F' } }, { $defs: { T: true, F: false } }),
      object({ a: ANY }),
      [],
    ],
    [{ type: 'string', not: false }, text, []],
    [{ type: 'string', not: true }, text, ['not']],
    [JSON.parse('{"type":"string","if":true,"then":{"maxLength":3},"else":false}') as Schema, text, ['if']],
    [array({ items: integer, contains: true }), array({ items: integer }), ['contains']],
    [object({ a: text }, { dependentSchemas: { a: true } }), object({ a: text }), ['dependentSchemas']],
    [object({ a: text }, { propertyNames: true, unevaluatedProperties: false }), object({ a: text }), []],
  ];
  for (const [schema, wanted, unheld] of cases) assert.deepEqual(translated(schema), [wanted, unheld]);
});

test('a schema without a type or keyword is any value, and keywords alone decide the type', () => {
  assert.deepEqual(
    translated(object({ a: {}, b: { title: 'B' }, c: { default: { $ref: 'x' } } }))[0],
    object({ a: ANY, b: ANY, c: ANY }),
  );
  assert.deepEqual(translated({ minLength: 2 }), [{ type: 'string', minLength: 2 }, []]);
  assert.deepEqual(translated({ minItems: 2 }), [array({ items: ANY, minItems: 2 }), []]);
  assert.deepEqual(translated({ type: ['string', 'null'] }), [{ type: ['string', 'null'] }, []]);
  assert.deepEqual(translated({ type: ['string', 'integer'], maxLength: 3, minimum: 1.5 }), [
    {
      anyOf: [
        { type: 'string', maxLength: 3 },
        { type: 'integer', minimum: 2 },
      ],
    },
    [],
  ]);
  assert.deepEqual(translated({ enum: [1, 2.5, null, 'a', { k: [1] }] }), [
    { enum: [1, 2.5, null, 'a', { k: [1] }] },
    [],
  ]);
  assert.deepEqual(translated({ type: 'integer', enum: [1, null, 'a'] }), [{ enum: [1] }, []]);
});

test('references lead to definitions: the root, escaped and encoded names, anchors, any part', () => {
  const $defs = {
    'a/b': text,
    'c~d': integer,
    'my type': { type: 'null' },
    '%': { type: 'boolean' },
    q: { $anchor: 'at', enum: [1] },
  };
  const refs = [
    '#/$defs/a~1b',
    '#/$defs/c~0d',
    '#/$defs/my%20type',
    '#/$defs/%',
    '#at',
    '#/properties/p0',
    'https://x/s#/$defs/a~1b',
  ];
  const properties = Object.fromEntries(refs.map(($ref, at) => [`p${String(at)}`, { $ref }]));
  const [format, unheld] = translated(object(properties, { $id: 'https://x/s', $defs }));
  const { properties: found, $defs: kept } = format as {
    readonly properties: Readonly<Record<string, Schema>>;
    readonly $defs: Schema;
  }; // as the assertions below show
  const targets = Object.values(found).map(({ $ref }) => kept[String($ref).replace('#/$defs/', '')]);
  const pointer = { $ref: '#/$defs/a1b' };
  assert.deepEqual(
    [targets, unheld],
    [[text, integer, { type: 'null' }, { type: 'boolean' }, { enum: [1] }, pointer, text], []],
  );
  const list = object({ v: text, next: { anyOf: [{ $ref: '#' }, { type: 'null' }] } }, { required: ['v', 'next'] });
  const own = object(
    { v: text, next: { anyOf: [{ $ref: '#/$defs/root' }, { type: 'null' }] } },
    { required: ['v', 'next'] },
  );
  assert.deepEqual(translated(list), [{ ...own, $defs: { root: own } }, []]);
  // llama.cpp takes these two names for one.
  const [alike] = translated(
    object({ a: { $ref: '#/$defs/a-b' }, b: { $ref: '#/$defs/a_b' } }, { $defs: { 'a-b': text, a_b: integer } }),
  );
  assert.deepEqual((alike as Schema)['$defs'], { ab: text, abx1: integer });
});

test('each keyword that the grammar does not hold to is named, and none that it holds to', () => {
  const held: readonly Schema[] = [
    { type: 'integer', minimum: 0, exclusiveMaximum: 9, multipleOf: 1 },
    { type: 'integer', minimum: -(2 ** 63), maximum: 2 ** 63 },
    { type: 'number', format: 'double', title: 't', description: 'd', examples: [1], default: 2 },
    { type: 'string', minLength: 1, maxLength: 9 },
    { type: 'string', pattern: '^[0-9]{4}$' },
    ...['date', 'time', 'date-time', 'uuid'].map((format) => ({ type: 'string', format })),
    array({ items: text, minItems: 1, maxItems: 3 }),
    object({ a: text, b: text }, { required: ['a'], additionalProperties: false, minProperties: 1, maxProperties: 2 }),
    { anyOf: [text, { type: 'null' }] },
    { allOf: [{ $ref: '#/$defs/A' }], $defs: { A: object({ a: text }) } },
    { const: { a: 1 } },
  ];
  for (const schema of held) assert.deepEqual(translated(schema)[1], [], JSON.stringify(schema));
  const named: readonly (readonly [Schema, readonly string[]])[] = [
    [{ type: 'number', minimum: 0, maximum: 1 }, ['minimum', 'maximum']],
    [{ type: 'number', exclusiveMinimum: 0 }, ['exclusiveMinimum']],
    [{ type: 'number', multipleOf: 0.5 }, ['multipleOf']],
    [{ type: 'integer', multipleOf: 5 }, ['multipleOf']],
    [array({ items: text, uniqueItems: true }), ['uniqueItems']],
    [array({ items: text, contains: text, minContains: 2 }), ['contains', 'minContains']],
    [object({ a: text }, { minProperties: 1 }), ['minProperties']],
    [{ type: 'object', minProperties: 1, maxProperties: 2 }, ['minProperties', 'maxProperties']],
    [{ type: 'string', format: 'email' }, ['format']],
    [{ type: 'string', pattern: '^[a-z]+$', maxLength: 4 }, ['maxLength']],
    [{ type: 'string', format: 'date', minLength: 20 }, ['minLength']],
    [object({ a: text }, { allOf: [{ required: ['a'] }] }), ['allOf']],
    [{ oneOf: [object({ a: text }), object({ b: text })] }, ['oneOf']],
    [object({ a: text }, { required: ['a', 'b'] }), ['required']],
    [{ type: 'object', required: ['a'] }, ['required']],
    [{ enum: [] }, ['enum']],
    [object({ a: { $ref: 'https://example.com/s.json' } }), ['$ref']],
    [object({ a: { $ref: '#/$defs/A', maxLength: 2 } }, { $defs: { A: text } }), ['maxLength']],
    [object({ a: text, b: text }, { anyOf: [{ required: ['a'] }, { required: ['b'] }] }), ['anyOf']],
    [object({ a: text }, { dependentRequired: { a: ['b'] } }), ['dependentRequired']],
    [object({ $ref: text }), ['properties']],
    [{ const: { $ref: 'x' } }, ['const']],
    [array({ prefixItems: [text], minItems: 2 }), ['minItems']],
    [array({ unevaluatedItems: false }), ['unevaluatedItems']],
  ];
  for (const [schema, unheld] of named) {
    assert.deepEqual(translated(schema)[1], unheld, JSON.stringify(schema));
    assert.deepEqual(translated(object({ deep: array({ items: schema }) }, { $defs: schema['$defs'] }))[1], unheld);
  }
});

const tool = (name: string, parameters: unknown, more: object = {}): Tool => ({
  name,
  definition: { type: 'function', function: { name, parameters, ...more } },
});
const call = (name: string, parameters: unknown): Schema => ({
  type: 'object',
  properties: { name: { const: name }, arguments: parameters },
  required: ['name', 'arguments'],
  additionalProperties: false,
});

test('a call that has to be made has a grammar: of one tool, or of any of several, each with its own definitions', () => {
  const of = (type: string): Schema => object({ a: { $ref: '#/$defs/A' } }, { $defs: { A: { type } } });
  const forced = (tools: readonly Tool[]): unknown => formatBody(chat({ tools, mustCall: true }));
  const pointed = (name: string): Schema => object({ a: { $ref: `#/$defs/${name}` } });
  assert.deepEqual(forced([tool('f', of('string'))]), { ...call('f', pointed('A')), $defs: { A: text } });
  assert.deepEqual(forced([tool('f', of('string')), tool('g', of('integer'))]), {
    anyOf: [call('f', pointed('A')), call('g', pointed('Ax1'))],
    $defs: { A: text, Ax1: integer },
  });
  assert.deepEqual(forced([tool('f', undefined)]), call('f', object({})));
  assert.deepEqual(forced([tool('f', { properties: { a: { type: 'null' }, b: { $ref: '#/properties/a' } } })]), {
    ...call('f', object({ a: { type: 'null' }, b: { $ref: '#/$defs/a' } })),
    $defs: { a: { type: 'null' } },
  });
  assert.equal(formatBody(chat({ tools: [tool('f', of('string'))] })), undefined);
});

test('tools with a response format have a grammar of the calls and of the answer', () => {
  const tools = [tool('f', object({ a: { type: 'number', minimum: 1 } }))];
  const answer = object({ b: { type: 'number', maximum: 1 } });
  const seen = (more: Partial<ChatRequest>): unknown => {
    const params = chat({ tools, format: answer, ...more });
    return [formatBody(params), unheldParams({ kind: 'chat', params })];
  };
  const callOfF = call('f', object({ a: { type: 'number' } }));
  const answered = object({ b: { type: 'number' } });
  assert.deepEqual(seen({}), [{ anyOf: [callOfF, answered] }, ['response_format.maximum']]);
  assert.deepEqual(seen({ format: 'json' }), [{ anyOf: [callOfF, { type: 'object' }] }, []]);
  assert.deepEqual(seen({ mustCall: true }), [callOfF, ['tools.minimum']]);
  assert.deepEqual(seen({ tools: [] }), [answered, ['response_format.maximum']]);
  assert.deepEqual(seen({ freeCalls: true }), [answered, ['response_format.maximum']]);
  assert.deepEqual(seen({ freeCalls: true, mustCall: true }), [undefined, []]);
});

test('`strict` of a tool is named where its calls have no grammar', () => {
  const tools = [tool('f', object({ a: { type: 'number', minimum: 1 } }), { strict: true })];
  const named = (more: Partial<ChatRequest>): unknown =>
    unheldParams({ kind: 'chat', params: chat({ tools, ...more }) });
  assert.deepEqual(named({}), ['tools.strict']);
  assert.deepEqual(named({ mustCall: true }), ['tools.minimum']);
  assert.deepEqual(named({ format: 'json' }), ['tools.minimum']);
});
