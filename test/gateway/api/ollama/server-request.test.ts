import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DONE, piece, startFake, type FakeUpstream } from '../../fake-upstream.ts';
import { startGateway, type Running } from '../../running.ts';
import { post, type Line } from './client.ts';

let fake: FakeUpstream;
let gateway: Running;

before(async () => {
  fake = await startFake(
    (got, outgoing) =>
      void outgoing.end(got.path === '/api/show' ? '{"capabilities":["completion","vision"]}' : piece('word') + DONE),
  );
  const model_list = [
    {
      model_name: 'm',
      litellm_params: {
        model: 'ollama_chat/m',
        api_base: fake.url,
        num_ctx: 4096,
        temperature: 0.1,
        top_k: 5,
        keep_alive: '1h',
      },
    },
  ];
  gateway = await startGateway([], { model_list });
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await fake.kill();
});

/** The request that the server gets for this request of a client. */
async function serverRequestFor(path: string, body: object): Promise<Line> {
  const response = await post(gateway, path, { model: 'm', ...body });
  assert.equal(response.status, 200, await response.text());
  return JSON.parse(fake.requests.at(-1)?.body ?? '') as Line;
}

const USER = { role: 'user', content: 'hi' };

test('a chat is asked as the client asks it, but for what the alias fixes', async () => {
  const messages = [
    { role: 'Control', content: 'thinking' },
    { role: 'user', content: 'what', images: ['data:image/png;base64,aGk='] },
    {
      role: 'assistant',
      content: '',
      thinking: 'hm',
      tool_calls: [{ id: 'call_1', function: { index: 0, name: 'f', arguments: { a: 1 } } }],
    },
    { role: 'tool', content: 'done', tool_name: 'f', tool_call_id: 'call_1' },
  ];
  const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }];
  const asked = await serverRequestFor('/api/chat', {
    messages,
    tools,
    format: { type: 'object' },
    think: 'low',
    logprobs: true,
    top_logprobs: 2,
    stream: false,
    keep_alive: '5m',
    options: {
      temperature: 0.7,
      seed: 3,
      num_keep: 4,
      stop: ['a'],
      num_predict: 9,
      num_ctx: 2048,
      num_gpu: 1,
      mirostat: 1,
    },
  });
  assert.deepEqual(asked, {
    model: 'm',
    messages: [
      { role: 'control', content: 'thinking' },
      { role: 'user', content: 'what', images: ['aGk='] },
      {
        role: 'assistant',
        content: '',
        thinking: 'hm',
        tool_calls: [{ id: 'call_1', function: { index: 0, name: 'f', arguments: { a: 1 } } }],
      },
      { role: 'tool', content: 'done', tool_name: 'f', tool_call_id: 'call_1' },
    ],
    stream: true,
    truncate: false,
    shift: true,
    tools,
    // With tools, the grammar has room for a call and for the answer.
    format: {
      anyOf: [
        {
          type: 'object',
          properties: { name: { const: 'f' }, arguments: { type: 'object' } },
          required: ['name', 'arguments'],
          additionalProperties: false,
        },
        { type: 'object' },
      ],
    },
    think: 'low',
    logprobs: true,
    top_logprobs: 2,
    options: { num_ctx: 4096, temperature: 0.7, top_k: 5, seed: 3, num_keep: 4, stop: ['a'], num_predict: 9 },
  });
});

test('how much may be said is Ollama’s to understand, but for nothing, which would be without end there', async () => {
  for (const [num_predict, sent] of [
    [-1, -1],
    [-2, -2],
    [7, 7],
    [0, 1],
  ]) {
    assert.partialDeepStrictEqual(await serverRequestFor('/api/chat', { messages: [USER], options: { num_predict } }), {
      options: { num_predict: sent },
    });
  }
});

test('a prompt is asked for whole at first, and a beginning is forgotten unless the client says otherwise', async () => {
  assert.partialDeepStrictEqual(
    await serverRequestFor('/api/chat', { messages: [USER], truncate: true, shift: true }),
    {
      truncate: false,
      shift: true,
    },
  );
  assert.partialDeepStrictEqual(await serverRequestFor('/api/generate', { prompt: 'x', shift: false }), {
    truncate: false,
    shift: false,
  });
});

test('a generate has all that it may have', async () => {
  const body = { prompt: 'x', suffix: 'y', system: 's', template: 't', images: ['aGk='], format: 'json', think: false };
  const { options, ...asked } = await serverRequestFor('/api/generate', { ...body, options: { top_p: 0.5 } });
  assert.deepEqual(
    [asked, options],
    [
      { model: 'm', ...body, stream: true, truncate: false, shift: true },
      { num_ctx: 4096, temperature: 0.1, top_k: 5, top_p: 0.5 },
    ],
  );
  assert.partialDeepStrictEqual(await serverRequestFor('/api/generate', { prompt: 'x', raw: true }), { raw: true });
});
