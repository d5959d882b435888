import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSim } from '../../../../src/sim/server.ts';
import { DONE, fails, NOWHERE, piece, startFake, type FakeUpstream } from '../../fake-upstream.ts';
import { errorOf, startGateway } from '../../running.ts';
import { parseEvents } from '../../sse.ts';

const last = (fake: FakeUpstream): { readonly [field: string]: unknown } =>
  JSON.parse(fake.requests.at(-1)?.body ?? '') as { readonly [field: string]: unknown };

test('options that reload the model come from the configuration and never from a request', async () => {
  await using fake = await startFake();
  const params = { model: 'ollama_chat/m', api_base: fake.url, num_ctx: 8192, temperature: 0.2 };
  await using gateway = await startGateway([], { model_list: [{ model_name: 'm', litellm_params: params }] });
  const response = await gateway.chat({
    num_ctx: 999,
    options: { num_ctx: 999, num_gpu: 0 },
    keep_alive: 0,
    num_batch: 1,
    temperature: 0.9,
    truncate: true,
  });
  assert.equal(response.headers.get('x-hxllm-ignored-params'), 'keep_alive, truncate, num_batch, options.num_gpu');
  assert.deepEqual(
    [last(fake)['options'], last(fake)['keep_alive'], last(fake)['truncate'], last(fake)['shift']],
    [{ num_ctx: 8192, temperature: 0.9 }, undefined, false, false],
  );
});

test('under strict what cannot be honoured is refused and named, and what only describes the caller is not', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake], { hxllm: { strict: true } });
  for (const [param, value] of [
    ['logit_bias', { 1: 2 }],
    ['verbosity', 'high'],
    ['store', true],
    ['service_tier', 'flex'],
    ['prediction', { type: 'content', content: '' }],
    ['made_up', 1],
    ['modalities', ['text', 'audio']],
  ] as const) {
    const response = await gateway.chat({ [param]: value });
    assert.equal(response.status, 400, param);
    assert.partialDeepStrictEqual(await errorOf(response), { code: 'unsupported_parameter', param });
  }
  const plain = await gateway.chat({
    user: 'u',
    metadata: { a: 'b' },
    store: false,
    service_tier: 'auto',
    n: 1,
    logit_bias: {},
    functions: [],
    verbosity: 'medium',
    safety_identifier: 'x',
    prompt_cache_key: 'y',
  });
  assert.deepEqual([plain.status, plain.headers.get('x-hxllm-ignored-params')], [200, null]);
});

test('formats, seeds, limits and log probabilities are asked of the server in its own words', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const schema = { type: 'object', properties: { a: { type: 'boolean' } } };
  await gateway.chat({
    response_format: { type: 'json_schema', json_schema: { name: 's', schema } },
    seed: 7,
    max_completion_tokens: 9,
    stop: 'x',
    logprobs: true,
    top_logprobs: 3,
    reasoning_effort: 'high',
  });
  assert.partialDeepStrictEqual(last(fake), {
    format: schema,
    think: 'high',
    logprobs: true,
    top_logprobs: 3,
    options: { seed: 7, num_predict: 9, stop: ['x'] },
  });
  await gateway.chat({ response_format: { type: 'json_object' }, reasoning_effort: 'none', max_tokens: 0 });
  assert.partialDeepStrictEqual(last(fake), { format: 'json', think: false, options: { num_predict: 1 } });
});

test('reasoning comes beside the answer, whole or streamed, and is no part of its text', async () => {
  const thought = (thinking: string): string =>
    `${JSON.stringify({ model: 'm', message: { role: 'assistant', content: '', thinking }, done: false })}\n`;
  await using fake = await startFake(
    (_got, outgoing) => void outgoing.end(thought('hm, ') + thought('yes') + piece('42') + DONE),
  );
  await using gateway = await startGateway([fake]);
  assert.partialDeepStrictEqual(await (await gateway.chat()).json(), {
    choices: [{ message: { content: '42', reasoning_content: 'hm, yes' } }],
  });
  const chunks = parseEvents(await (await gateway.chat({ stream: true })).text()).slice(0, -1) as readonly {
    choices: { delta: { content?: string; reasoning_content?: string } }[];
  }[];
  const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
  assert.deepEqual(
    [
      deltas.map((delta) => delta.reasoning_content ?? '').join(''),
      deltas.map((delta) => delta.content ?? '').join(''),
    ],
    ['hm, yes', '42'],
  );
});

test('reasoning is kept by completions as well', async () => {
  await using fake = await startFake(
    (_got, outgoing) =>
      void outgoing.end(
        `${JSON.stringify({ response: '', thinking: 'hm' })}\n${JSON.stringify({ response: '42', done: true, done_reason: 'stop' })}\n`,
      ),
  );
  await using gateway = await startGateway([fake]);
  const complete = (stream: boolean): Promise<Response> =>
    gateway.ask('/v1/completions', { method: 'POST', body: JSON.stringify({ model: 'm', prompt: 'x', stream }) });
  assert.partialDeepStrictEqual(await (await complete(false)).json(), {
    choices: [{ text: '42', reasoning_content: 'hm' }],
  });
  const [first, second] = parseEvents(await (await complete(true)).text());
  assert.partialDeepStrictEqual(
    [first, second],
    [{ choices: [{ text: '', reasoning_content: 'hm' }] }, { choices: [{ text: '42' }] }],
  );
});

test('a model that repeats itself until its server cuts it off has reached its length, and its server is not blamed', async () => {
  await using fake = await startFake((_got, outgoing) => void outgoing.end(piece('ha').repeat(31)));
  await using gateway = await startGateway([fake]);
  assert.partialDeepStrictEqual(await (await gateway.chat()).json(), {
    choices: [{ message: { content: 'ha'.repeat(31) }, finish_reason: 'length' }],
    usage: { completion_tokens: 31 },
  });
  const events = parseEvents(await (await gateway.chat({ stream: true })).text());
  assert.partialDeepStrictEqual(events.at(-2), { choices: [{ finish_reason: 'length' }] });
  assert.equal(events.at(-1), '[DONE]');
  assert.equal(
    gateway.log.some(({ event }) => event === 'backend-down'),
    false,
  );
  assert.equal(fake.requests.length, 2);
});

test("a model that repeats itself behind Ollama's /v1 has reached its length as well, whole or streamed", async (t) => {
  const sim = await startSim({ models: ['tiny'], loadMs: 1, tokenMs: 0 });
  t.after(() => sim.close());
  await using gateway = await startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: { model: 'openai/tiny', api_base: `${sim.url}/v1` } }],
  });
  sim.faults.add({ kind: 'repeat', after: 3, times: 0 });
  assert.partialDeepStrictEqual(await (await gateway.chat()).json(), { choices: [{ finish_reason: 'length' }] });
  const events = parseEvents(await (await gateway.chat({ stream: true })).text());
  assert.partialDeepStrictEqual(events.at(-2), { choices: [{ finish_reason: 'length' }] });
  assert.equal(events.at(-1), '[DONE]');
  const completion = await gateway.ask('/v1/completions', { method: 'POST', body: '{"model":"m","prompt":"x"}' });
  assert.partialDeepStrictEqual(await completion.json(), { choices: [{ finish_reason: 'length' }] });
});

for (const [server, status, body] of [
  [
    'vLLM',
    400,
    {
      error: {
        message: "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
        type: 'BadRequestError',
        code: 400,
      },
    },
  ],
  [
    'llama.cpp',
    400,
    {
      error: {
        code: 400,
        message: 'the request exceeds the available context size, try increasing it',
        type: 'exceed_context_size_error',
      },
    },
  ],
  [
    'another OpenAI',
    400,
    {
      error: { message: 'too long', type: 'invalid_request_error', param: 'messages', code: 'context_length_exceeded' },
    },
  ],
  [
    'LM Studio',
    400,
    {
      error:
        'Trying to keep the first 6000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens.',
    },
  ],
] as const) {
  test(`a prompt that is too long for ${server} is refused as every other one`, async () => {
    await using fake = await startFake((_got, outgoing) => void outgoing.writeHead(status).end(JSON.stringify(body)));
    await using gateway = await startGateway([], {
      model_list: [{ model_name: 'm', litellm_params: { model: 'openai/m', api_base: `${fake.url}/v1` } }],
    });
    for (const stream of [false, true]) {
      const response = await gateway.chat({ stream });
      assert.equal(response.status, 400);
      assert.partialDeepStrictEqual(await errorOf(response), {
        type: 'invalid_request_error',
        code: 'context_length_exceeded',
      });
    }
    assert.equal(fake.requests.length, 2, 'it is asked nowhere else');
  });
}

test('a prompt that is too long for Ollama is refused, and nobody else is asked', async () => {
  const long = fails(400, 'the input length exceeds the context length');
  await using one = await startFake(long);
  await using other = await startFake(long);
  await using gateway = await startGateway([one, other]);
  const response = await gateway.chat();
  assert.equal(response.status, 400);
  assert.partialDeepStrictEqual(await errorOf(response), { code: 'context_length_exceeded', param: 'messages' });
  await gateway.ask('/v1/embeddings', { method: 'POST', body: '{"model":"m","input":"x"}' }).then(async (embedding) => {
    assert.partialDeepStrictEqual(await errorOf(embedding), { code: 'context_length_exceeded', param: 'input' });
  });
  // Without the questions about the model, which has no longer context.
  const asked = [one, other].flatMap(({ requests }) => requests.filter(({ path }) => path !== '/api/show'));
  assert.equal(asked.length, 2);
});

test('with every server dead, models are listed, and a failed chat names its server', async () => {
  const [dead] = NOWHERE;
  await using gateway = await startGateway([{ url: dead }]);
  const failed = await gateway.chat();
  assert.equal(failed.status, 503);
  assert.deepEqual([typeof failed.headers.get('retry-after'), failed.headers.get('x-hxllm-backend')], ['string', dead]);
  const { data } = (await (await gateway.ask('/v1/models')).json()) as { data: { id: string }[] };
  assert.deepEqual(
    data.map(({ id }) => id),
    ['m'],
  );
});
