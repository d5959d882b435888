import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, piece, startFake } from '../fake-upstream.ts';
import { startGateway } from '../running.ts';

const messages = [{ role: 'user', content: 'hi' }];
type Row = readonly [path: string, body: (schema: unknown) => object, error: RegExp];

const ROWS: readonly Row[] = [
  [
    '/v1/chat/completions',
    (schema) => ({ messages, response_format: { type: 'json_schema', json_schema: { name: 'a', schema } } }),
    /Invalid type for 'response_format\.json_schema\.schema': expected an object, but got a (?:boolean|string) instead\./,
  ],
  [
    '/v1/responses',
    (schema) => ({ input: 'hi', text: { format: { type: 'json_schema', name: 'a', schema } } }),
    /Invalid type for 'text\.format\.schema': expected an object, but got a (?:boolean|string) instead\./,
  ],
  [
    '/v1/messages',
    (schema) => ({ messages, max_tokens: 9, output_config: { format: { type: 'json_schema', schema } } }),
    /output_config\.format: Input should be \{\\"type\\": \\"json_schema\\", \\"schema\\": \{…\}\}/,
  ],
  [
    '/api/chat',
    (format) => ({ messages, format }),
    /invalid format: .*; expected \\"json\\" or a valid JSON Schema object/,
  ],
  [
    '/api/generate',
    (format) => ({ prompt: 'hi', format }),
    /invalid format: .*; expected \\"json\\" or a valid JSON Schema object/,
  ],
];

test('a response format whose schema is no object is refused with its type, as the APIs have it', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  for (const [path, bodyWith, error] of ROWS)
    for (const schema of [true, false, 'object']) {
      const body = JSON.stringify({ model: 'm', ...bodyWith(schema) });
      const response = await gateway.ask(path, { method: 'POST', body });
      assert.equal(response.status, 400, path);
      assert.match(await response.text(), error);
    }
  assert.equal(fake.requests.length, 0);
});

test('an openai/ server gets a schema of `true` as it came, and judges it', async () => {
  await using fake = await startFake(
    (_got, outgoing) => void outgoing.end('{"choices":[{"message":{"content":"1"},"finish_reason":"stop"}]}'),
  );
  await using gateway = await startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: { model: 'openai/m', api_base: fake.url } }],
  });
  const response_format = { type: 'json_schema', json_schema: { name: 'a', schema: true } };
  assert.equal((await gateway.chat({ response_format })).status, 200);
  assert.deepEqual(
    (JSON.parse(fake.requests[0]?.body ?? '') as { response_format: unknown }).response_format,
    response_format,
  );
});

const SCHEMAS: readonly (readonly [schema: string, name: string])[] = [
  ['{"const":9007199254740993}', 'const'],
  ['{"type":"integer","enum":[1,-9007199254740993]}', 'enum'],
  ['{"enum":[{"id":[9007199254740993]}]}', 'enum'],
  ['{"const":1e400}', 'const'],
  ['{"type":"integer","minimum":9007199254740993}', 'minimum'],
  ['{"type":"integer","exclusiveMaximum":-9007199254740993}', 'exclusiveMaximum'],
  ['{"type":"integer","minimum":1e17}', 'minimum'],
  ['{"type":"integer","maximum":-1e400}', 'maximum'],
];
const KEPT = [
  '{"type":"integer","minimum":-9223372036854775808,"maximum":18446744073709551615}',
  '{"const":9007199254740991}',
];

/** Sends a schema as text, since a JavaScript number would lose the digits. */
const bodyOf = (row: Row | undefined, schema: string): string =>
  JSON.stringify({ model: 'm', ...row?.[1]('SCHEMA') }).replace(
    '"SCHEMA"',
    `{"type":"object","properties":{"a":${schema}}}`,
  );

test('a number beyond 2^53 in a schema, whose digits JSON.parse loses, is named', async () => {
  await using fake = await startFake(({ path }, outgoing) => {
    if (path === '/api/generate') outgoing.end('{"response":"a","done":true,"done_reason":"stop"}\n');
    else outgoing.end(piece('{}') + DONE);
  });
  await using gateway = await startGateway([fake]);
  const names = ['response_format', 'text.format', 'output_config.format', 'format', 'format'];
  for (const [index, row] of ROWS.entries()) {
    const namedFor = async (schema: string): Promise<string | null> => {
      const response = await gateway.ask(row[0], { method: 'POST', body: bodyOf(row, schema) });
      assert.equal(response.status, 200, await response.text());
      return response.headers.get('x-hxllm-ignored-params');
    };
    for (const [schema, keyword] of SCHEMAS)
      assert.equal(await namedFor(schema), `${names[index] ?? ''}.${keyword}`, `${row[0]} ${schema}`);
    for (const schema of KEPT) assert.equal(await namedFor(schema), null, schema);
  }
  for (const { body } of fake.requests) assert.doesNotMatch(body, /"(?:max|min)imum":(?:null|-?[\d.]+e|-?\d{17})/);
});

test('an openai/ server does not get these digits either: the field is named', async () => {
  await using fake = await startFake(({ body }, outgoing) => {
    const choice = { delta: { content: '1' }, message: { content: '1' }, finish_reason: 'stop' };
    const text = JSON.stringify({ choices: [choice] });
    outgoing.end(body.includes('"stream":true') ? `data: ${text}\n\n` : text);
  });
  await using gateway = await startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: { model: 'openai/m', api_base: fake.url } }],
  });
  const namedFor = async (path: string, body: string): Promise<string | null> => {
    const response = await gateway.ask(path, { method: 'POST', body });
    assert.equal(response.status, 200, await response.text());
    return response.headers.get('x-hxllm-ignored-params');
  };
  const [chat, , anthropic] = ROWS;
  for (const [schema] of SCHEMAS) {
    assert.equal(await namedFor('/v1/chat/completions', bodyOf(chat, schema)), 'response_format');
    assert.equal(await namedFor('/v1/messages', bodyOf(anthropic, schema)), 'output_config.format');
  }
  assert.equal(await namedFor('/v1/chat/completions', bodyOf(chat, '{"const":7}')), null);
  const seeds = '"seed":9007199254740993,"options":{"seed":9007199254740993}';
  const kept = `{"model":"m","messages":[],${seeds}}`;
  assert.equal(await namedFor('/v1/chat/completions', kept), null);
  assert.ok(fake.requests.at(-1)?.body.includes('"options":{"seed":9007199254740993}'));
  assert.equal(
    await namedFor('/v1/chat/completions', kept.replace('[]', '[],"extra":{"id":9007199254740993}')),
    'extra',
  );
});
