import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, piece, startFake, type Behaviour, type FakeUpstream } from '../fake-upstream.ts';
import { startGateway, type Running } from '../running.ts';

type Json = Readonly<Record<string, unknown>>;

/** A server that refuses every prompt as too long unless it may cut it. */
const narrow: Behaviour = ({ path, body }, outgoing) => {
  if ((JSON.parse(body) as Json)['truncate'] !== true)
    outgoing.writeHead(400).end('{"error":"the input length exceeds the context length"}');
  else if (path === '/api/embed') outgoing.end('{"embeddings":[[1,2],[3,4]],"prompt_eval_count":3}');
  else if (path === '/api/generate') outgoing.end('{"response":"a","done":true,"done_reason":"stop"}\n');
  else outgoing.end(piece('a') + DONE);
};

const ASKED: readonly (readonly [path: string, body: Json])[] = [
  ['/api/chat', { messages: [{ role: 'user', content: 'hi' }] }],
  ['/api/generate', { prompt: 'hi' }],
  ['/api/embed', { input: ['hi', 'ho'] }],
];

const post = (gateway: Running, path: string, body: Json): Promise<Response> =>
  gateway.ask(path, { method: 'POST', body: JSON.stringify({ model: 'm', ...body }) });

// Without the questions about the model, which says nothing about its context here.
const promptsTo = (fake: FakeUpstream): FakeUpstream['requests'] =>
  fake.requests.filter(({ path }) => path !== '/api/show');

const sentTo = (fake: FakeUpstream): readonly Json[] => promptsTo(fake).map(({ body }) => JSON.parse(body) as Json);

test('Ollama’s clients get a cut prompt as from Ollama itself, and are told; only after the whole one was refused', async () => {
  for (const stream of [true, false])
    for (const truncate of [undefined, true])
      for (const [path, body] of ASKED) {
        await using fake = await startFake(narrow);
        await using gateway = await startGateway([fake]);
        const response = await post(gateway, path, { ...body, stream, truncate });
        assert.equal(response.status, 200, `${path}: ${await response.text()}`);
        assert.equal(response.headers.get('x-hxllm-truncated'), 'true', path);
        assert.deepEqual(
          sentTo(fake).map((sent) => sent['truncate']),
          [false, true],
          path,
        );
      }
});

test('a prompt that fits is asked for once, and nothing is said of a cut', async () => {
  await using fake = await startFake(({ path }, outgoing) => {
    if (path === '/api/embed') outgoing.end('{"embeddings":[[1,2],[3,4]]}');
    else if (path === '/api/generate') outgoing.end('{"response":"a","done":true,"done_reason":"stop"}\n');
    else outgoing.end(piece('a') + DONE);
  });
  await using gateway = await startGateway([fake]);
  for (const [path, body] of ASKED) {
    const response = await post(gateway, path, body);
    assert.deepEqual([response.status, response.headers.get('x-hxllm-truncated')], [200, null], path);
  }
  assert.deepEqual(
    sentTo(fake).map((sent) => sent['truncate']),
    [false, false, false],
  );
});

test('a client that says truncate: false gets the refusal, and so does every client of the other APIs', async () => {
  await using fake = await startFake(narrow);
  await using gateway = await startGateway([fake]);
  const messages = [{ role: 'user', content: 'hi' }];
  const refused: readonly (readonly [path: string, body: Json])[] = [
    ...ASKED.map(([path, body]) => [path, { ...body, truncate: false }] as const),
    ['/v1/chat/completions', { messages }],
    ['/v1/completions', { prompt: 'hi' }],
    ['/v1/embeddings', { input: 'hi' }],
    ['/v1/responses', { input: 'hi' }],
    ['/v1/messages', { messages, max_tokens: 9 }],
  ];
  for (const [path, body] of refused) {
    const response = await post(gateway, path, body);
    assert.deepEqual([response.status, response.headers.get('x-hxllm-truncated')], [400, null], path);
  }
  assert.equal(promptsTo(fake).length, refused.length);
});

test('other refusals are not asked again, and a prompt that cannot be cut is asked for twice only', async () => {
  await using fake = await startFake((_got, outgoing) => {
    outgoing.writeHead(400).end('{"error":"invalid format"}');
  });
  await using gateway = await startGateway([fake]);
  assert.equal((await post(gateway, '/api/chat', ASKED[0]?.[1] ?? {})).status, 400);
  assert.equal(promptsTo(fake).length, 1);
  fake.behave((_got, outgoing) => {
    outgoing.writeHead(400).end('{"error":"input exceeds maximum context length and cannot be truncated further"}');
  });
  const response = await post(gateway, '/api/chat', ASKED[0]?.[1] ?? {});
  assert.deepEqual([response.status, response.headers.get('x-hxllm-truncated')], [400, null]);
  assert.equal(promptsTo(fake).length, 3);
});

test('shift is the client’s: true unless it says otherwise in Ollama’s own API, false in every other', async () => {
  await using fake = await startFake((_got, outgoing) => {
    outgoing.end(piece('a') + DONE);
  });
  await using gateway = await startGateway([fake]);
  const messages = [{ role: 'user', content: 'hi' }];
  for (const more of [{}, { shift: true }, { shift: false }]) await post(gateway, '/api/chat', { messages, ...more });
  await post(gateway, '/v1/chat/completions', { messages });
  assert.deepEqual(
    sentTo(fake).map(({ shift }) => shift),
    [true, true, false, false],
  );
});

test('an OpenAI-compatible server cuts nothing: it is asked once, and only a cut that was asked for is named', async () => {
  await using fake = await startFake((_got, outgoing) => {
    outgoing.writeHead(400).end('{"error":{"message":"This model’s maximum context length is 4 tokens."}}');
  });
  await using gateway = await startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: { model: 'openai/m', api_base: fake.url } }],
  });
  const messages = [{ role: 'user', content: 'hi' }];
  for (const [more, named] of [
    [{}, null],
    [{ truncate: true, shift: true }, 'truncate, shift'],
  ] as const) {
    const response = await post(gateway, '/api/chat', { messages, ...more });
    assert.deepEqual([response.status, response.headers.get('x-hxllm-ignored-params')], [400, named]);
  }
  assert.equal(promptsTo(fake).length, 2);
});
