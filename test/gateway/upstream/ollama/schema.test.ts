import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChatRequest } from '../../../../src/gateway/exchange.ts';
import { formatBody as bodyOf } from '../../../../src/gateway/upstream/ollama/schema.ts';
import { ANY_VALUE } from '../../../../src/gateway/upstream/ollama/typed-schema.ts';
import { workingMsOf } from '../../../working-time.ts';
import { DONE, piece, startFake } from '../../fake-upstream.ts';
import { startGateway } from '../../running.ts';
import { PLAIN_CHAT } from '../chat-request.ts';

const formatBody = (format: ChatRequest['format']): unknown => bodyOf({ ...PLAIN_CHAT, format });

test('limits of a schema that are too many for a grammar are left out, wherever they stand, and nothing else', () => {
  const usual = {
    type: 'object',
    properties: {
      a: { type: 'string', maxLength: 2000, pattern: '^[0-9]{4}$' },
      maxLength: { type: 'integer', maximum: 1e9 },
    },
  };
  assert.deepEqual(formatBody(usual), usual);
  assert.deepEqual(
    formatBody({
      anyOf: [
        { type: 'string', minLength: 5000, maxLength: 10_000 },
        { type: 'array', minItems: 1, maxItems: 1e6, items: { type: 'string', pattern: '^a{1,9999}$' } },
      ],
    }),
    { anyOf: [{ type: 'string' }, { type: 'array', minItems: 1, items: { type: 'string' } }] },
  );
  assert.deepEqual([formatBody('json'), formatBody(undefined)], ['json', undefined]);
});

test('of patterns only plain ones are said, and nothing that contradicts itself', () => {
  const kept = ['^a$', '^[0-9]{4}-[0-9]{2}$', '^[a-zA-Z0-9._%+-]+@[a-z]+\\.[a-z]{2,}$', '^[^a]*$', '^[a-f0-9_-]+$'];
  const lost = [
    '^(?:a|b)$',
    '^\\d+$',
    '^[\\w-]+$',
    '^*$',
    '^{3}$',
    '^a{2,1}$',
    '^]$',
    '^}$',
    '^\\$',
    '^a{1,2001}$',
    '^[z-a]$',
    '^[a--b]$',
    '^a{0}$',
    '^a{0,3}$',
    '^$',
    `^${'a'.repeat(1e5)}(`,
  ];
  for (const pattern of kept) assert.deepEqual(formatBody({ type: 'string', pattern }), { type: 'string', pattern });
  for (const pattern of lost)
    assert.deepEqual(formatBody({ type: 'string', pattern }), { type: 'string' }, pattern.slice(0, 20));
  assert.deepEqual(formatBody({ type: 'integer', minimum: 5, maximum: 1 }), { type: 'integer', maximum: 1 });
  assert.deepEqual(formatBody({ type: 'string', minLength: 5, maxLength: 2 }), { type: 'string', maxLength: 2 });
  assert.deepEqual(formatBody({ type: 'string', maxLength: -5, anyOf: [] }), { type: 'string' });
  const tree = { $ref: '#/$defs/t', $defs: { t: { type: 'object', properties: { next: { $ref: '#/$defs/t' } } } } };
  assert.deepEqual(formatBody(tree), tree);
  assert.deepEqual(formatBody({ $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }), {
    $defs: { a: ANY_VALUE, b: ANY_VALUE },
    ...ANY_VALUE,
  });
  assert.deepEqual(formatBody({ $ref: '#' }), { $defs: { root: ANY_VALUE }, ...ANY_VALUE });
  const [text, toA] = [{ type: 'string' }, { $ref: '#/$defs/a' }];
  for (const word of ['anyOf', 'oneOf'])
    assert.deepEqual(formatBody({ type: 'array', items: toA, $defs: { a: { [word]: [text, toA] } } }), {
      type: 'array',
      items: ANY_VALUE,
      $defs: { a: { anyOf: [text, ANY_VALUE] } },
    });
  assert.deepEqual(formatBody({ anyOf: [{ $ref: '#/anyOf/0' }, text] }), {
    anyOf: [ANY_VALUE, text],
    $defs: { '0': ANY_VALUE },
  });
  const list = {
    $ref: '#/$defs/list',
    $defs: { list: { anyOf: [{ type: 'null' }, { type: 'array', items: { $ref: '#/$defs/list' } }] } },
  };
  assert.deepEqual(formatBody(list), list);
  // A property name is no keyword.
  assert.deepEqual(formatBody({ properties: { enum: { pattern: '^\\d$' }, pattern: { type: 'string' } } }), {
    type: 'object',
    properties: { enum: { type: 'string' }, pattern: { type: 'string' } },
  });
  assert.deepEqual(formatBody({ properties: { pattern: { const: { pattern: '^\\d$' } } } }), {
    type: 'object',
    properties: { pattern: { const: { pattern: '^\\d$' } } },
  });
  assert.deepEqual(formatBody({ enum: [{ maxLength: 1e9 }] }), { enum: [{ maxLength: 1e9 }] });
});

test('long schemas full of references cost little, and one too long for any grammar is only JSON', async () => {
  const nameOf = (at: number): string => `#/$defs/n${String(at)}`;
  const chainOf = (length: number): object => ({
    $ref: nameOf(0),
    $defs: Object.fromEntries(
      Array.from({ length }, (_, at) => [
        `n${String(at)}`,
        { anyOf: [{ $ref: nameOf(at + 1) }, at === length - 1 ? { type: 'null' } : { $ref: nameOf(0) }] },
      ]),
    ),
  });
  const workingMs = await workingMsOf(() => {
    assert.equal(formatBody({ ...chainOf(20_000) }), 'json');
  });
  // A part that is visited again for each reference takes minutes.
  assert.ok(workingMs < 5000, String(workingMs));
  const { $defs } = formatBody({ ...chainOf(100) }) as { readonly $defs: Readonly<Record<string, unknown>> }; // a format that is a schema stays a schema
  assert.deepEqual(
    [$defs['n0'], $defs['n99']],
    [{ anyOf: [ANY_VALUE, ANY_VALUE] }, { anyOf: [{ $ref: nameOf(100) }, { type: 'null' }] }],
  );
  const wide = (count: number): Readonly<Record<string, unknown>> => ({
    type: 'object',
    properties: Object.fromEntries(Array.from({ length: count }, (_, at) => [`p${String(at)}`, { type: 'null' }])),
  });
  assert.equal(formatBody(wide(200_000)), 'json');
  // Ollama 0.22.1 cuts a grammar at four times the length of its schema, and a cut one kills the runner: spaces make up the length.
  const { $comment, ...rest } = formatBody(wide(400)) as { readonly $comment?: string }; // as above
  assert.deepEqual(rest, wide(400));
  assert.match($comment ?? '', /^ {1000,}$/);
});

test('a schema with more parts than a grammar may have delays other requests by less than 50 ms', async () => {
  const names = Array.from({ length: 6000 }, (_, at) => `d${String(at)}`);
  const cycle = (): Readonly<Record<string, unknown>> => ({
    $defs: Object.fromEntries(
      names.map((name, at) => [
        name,
        { type: 'object', properties: { next: { $ref: `#/$defs/${names[(at + 1) % names.length] ?? ''}` } } },
      ]),
    ),
    $ref: '#/$defs/d0',
  });
  const times: number[] = [];
  // The first ones are not compiled yet.
  for (let run = 0; run < 5; run += 1) {
    const schema = cycle();
    times.push(
      await workingMsOf(() => {
        assert.equal(formatBody(schema), 'json');
      }),
    );
  }
  assert.ok(Math.min(...times) < 50, times.join(' '));
});

test('a client is told that its schema is not held to in all', async () => {
  await using fake = await startFake((_got, outgoing) => void outgoing.end(piece('"a"') + DONE));
  await using gateway = await startGateway([fake]);
  const named = async (maxLength: number): Promise<string | null> =>
    (
      await gateway.chat({
        response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'string', maxLength } } },
      })
    ).headers.get('x-hxllm-ignored-params');
  assert.deepEqual([await named(2000), await named(2001)], [null, 'response_format.maxLength']);
  const forced = async (maxLength: number): Promise<string | null> =>
    (
      await gateway.chat({
        tool_choice: 'required',
        tools: [
          {
            type: 'function',
            function: { name: 'f', parameters: { type: 'object', properties: { a: { type: 'string', maxLength } } } },
          },
        ],
      })
    ).headers.get('x-hxllm-ignored-params');
  assert.deepEqual([await forced(2000), await forced(2001)], [null, 'tools.maxLength']);
  assert.deepEqual(
    fake.requests.slice(0, 2).map(({ body }) => (JSON.parse(body) as { format: unknown }).format),
    [{ type: 'string', maxLength: 2000 }, { type: 'string' }],
  );
});
