import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFake } from '../../fake-upstream.ts';
import { startGateway } from '../../running.ts';
import { answers, HI } from '../../proxy/own-dialect-stage.ts';

type Row = readonly [path: string, body: object, named: string | null];

const CHAT = '/v1/chat/completions';
const INPUT = { input: 'hi' };

const ROWS: readonly Row[] = [
  [CHAT, { ...HI, reasoning: { effort: 'low', summary: null, exclude: false } }, null],
  [CHAT, { ...HI, reasoning: { enabled: false } }, 'reasoning.enabled'],
  [CHAT, { ...HI, reasoning: { max_tokens: 100, exclude: true } }, 'reasoning.max_tokens, reasoning.exclude'],
  [CHAT, { ...HI, reasoning_effort: 'low', reasoning: { enabled: true } }, 'reasoning'],
  ['/v1/responses', { ...INPUT, reasoning: { effort: 'low', summary: 'auto', generate_summary: null } }, null],
  ['/v1/responses', { ...INPUT, reasoning: { effort: 'low', max_tokens: 7 } }, 'reasoning.max_tokens'],
  // Values that the gateway's own behaviour meets.
  [CHAT, { ...HI, truncate: false, shift: false }, null],
  [CHAT, { ...HI, truncate: true, shift: true }, 'truncate, shift'],
  ['/v1/completions', { prompt: 'hi', truncate: false }, null],
  ['/v1/embeddings', { ...INPUT, stream: false, truncate: false }, null],
  ['/v1/embeddings', { ...INPUT, stream: true }, 'stream'],
  ['/api/embed', { ...INPUT, stream: false }, null],
  ['/api/embed', { ...INPUT, stream: true }, 'stream'],
  ['/api/embeddings', { prompt: 'hi', stream: false }, null],
];

test('parameters without effect are named, and values that ask for what happens anyway are not', async () => {
  await using fake = await startFake((got, outgoing) => {
    if (got.path === '/api/embed') outgoing.end('{"embeddings":[[1,2]]}');
    else if (got.path === '/api/embeddings') outgoing.end('{"embedding":[1,2]}');
    else if (got.path === '/api/generate') outgoing.end('{"response":"a","done":true,"done_reason":"stop"}\n');
    else return answers(got, outgoing);
  });
  await using gateway = await startGateway([fake]);
  await using strict = await startGateway([fake], { hxllm: { strict: true } });
  for (const [path, body, named] of ROWS) {
    const init = { method: 'POST', body: JSON.stringify({ model: 'm', ...body }) };
    const response = await gateway.ask(path, init);
    assert.equal(response.status, 200, `${init.body}: ${await response.text()}`);
    assert.equal(response.headers.get('x-hxllm-ignored-params'), named, `${path} ${init.body}`);
    assert.equal((await strict.ask(path, init)).status, named === null ? 200 : 400, `strict ${path} ${init.body}`);
  }
});

test('a keyword of a schema is named as it is written', async () => {
  await using fake = await startFake(answers);
  await using gateway = await startGateway([fake]);
  const schema = { type: 'object', properties: { a: { $ref: 'https://example.org/a.json' } } };
  const response = await gateway.chat({ response_format: { type: 'json_schema', json_schema: { name: 'a', schema } } });
  assert.equal(response.headers.get('x-hxllm-ignored-params'), 'response_format.$ref');
});
