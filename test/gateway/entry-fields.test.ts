import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, piece, startFake, type Behaviour, type FakeUpstream } from './fake-upstream.ts';
import { answers, HI, post } from './proxy/own-dialect-stage.ts';
import { startGateway } from './running.ts';

const entry = (model: string, { url }: FakeUpstream, params: object, model_name = 'm'): object => ({
  model_name,
  litellm_params: { model, api_base: url, ...params },
});

/** The body of the last request. */
const sent = ({ requests }: FakeUpstream): Record<string, unknown> =>
  JSON.parse(requests.at(-1)?.body ?? '') as Record<string, unknown>;

test('the parameters of an openai/ entry are in its requests of every API, unless a request has its own', async () => {
  await using server = await startFake(answers);
  const params = {
    temperature: 0.2,
    max_tokens: 100,
    stop: ['x'],
    extra_body: { chat_template_kwargs: { enable_thinking: false } },
  };
  await using gateway = await startGateway([], { model_list: [entry('openai/m', server, params)] });
  const ask = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const response = await post(gateway, path, { ...body });
    assert.equal(response.status, 200, `${path}: ${await response.text()}`);
    return sent(server);
  };
  const all = { model: 'm', temperature: 0.2, max_tokens: 100, stop: ['x'], ...params.extra_body };
  for (const stream of [false, true]) {
    assert.partialDeepStrictEqual(await ask('/v1/chat/completions', { ...HI, stream }), all);
    assert.partialDeepStrictEqual(await ask('/v1/completions', { prompt: 'hi', stream }), all);
    assert.partialDeepStrictEqual(await ask('/v1/responses', { input: 'hi', stream }), all);
    assert.partialDeepStrictEqual(await ask('/api/chat', { ...HI, stream }), all);
    assert.partialDeepStrictEqual(await ask('/api/generate', { prompt: 'hi', stream }), all);
    // This API always has a limit, and says whether the model thinks.
    assert.partialDeepStrictEqual(await ask('/v1/messages', { ...HI, stream, max_tokens: 9 }), {
      temperature: 0.2,
      max_tokens: 9,
      stop: ['x'],
    });
  }
  assert.partialDeepStrictEqual(await ask('/v1/embeddings', { input: 'hi' }), params.extra_body);
  assert.partialDeepStrictEqual(await ask('/api/embed', { input: 'hi' }), params.extra_body);
  const own = { temperature: 0.9, stop: ['y'], chat_template_kwargs: { enable_thinking: true } };
  assert.partialDeepStrictEqual(await ask('/v1/chat/completions', { ...HI, ...own }), { ...own, max_tokens: 100 });
  const limited = await ask('/v1/chat/completions', { ...HI, max_completion_tokens: 7 });
  assert.equal(limited['max_completion_tokens'], 7);
  assert.equal('max_tokens' in limited, false, 'one limit, the client’s');
  assert.partialDeepStrictEqual(await ask('/api/chat', { ...HI, options: { temperature: 0, num_predict: 5 } }), {
    temperature: 0,
    max_tokens: 5,
  });
});

/** Answers as a model that cannot think does. */
const thoughtless: Behaviour = ({ body }, outgoing) => {
  const { think } = JSON.parse(body) as { readonly think?: unknown };
  if (think === undefined || think === false) outgoing.end(piece('hi') + DONE);
  else outgoing.writeHead(400).end('{"error":"\\"m\\" does not support thinking"}');
};

test('think of an Ollama entry holds for requests that leave it open', async () => {
  await using server = await startFake(({ path }, outgoing) => {
    if (path === '/api/generate') outgoing.end('{"response":"a","done":false}\n{"response":"","done":true}\n');
    else outgoing.end(piece('hi') + DONE);
  });
  await using gateway = await startGateway([], {
    model_list: [
      entry('ollama_chat/m', server, { think: false }),
      entry('ollama/m', server, { reasoning_effort: 'low' }, 'low'),
      entry('ollama_chat/m', server, {}, 'open'),
    ],
  });
  const ask = async (path: string, body: object): Promise<unknown> => {
    const response = await post(gateway, path, { ...body });
    assert.equal(response.status, 200, `${path}: ${await response.text()}`);
    assert.equal(response.headers.get('x-hxllm-ignored-params'), null);
    return sent(server)['think'];
  };
  for (const [model, think] of [
    ['m', false],
    ['low', 'low'],
    ['open', undefined],
  ] as const) {
    assert.equal(await ask('/v1/chat/completions', { ...HI, model }), think);
    assert.equal(await ask('/v1/responses', { input: 'hi', model }), think);
    assert.equal(await ask('/api/chat', { ...HI, model }), think);
    assert.equal(await ask('/api/generate', { prompt: 'hi', model }), think);
    assert.equal(await ask('/v1/chat/completions', { ...HI, model, reasoning_effort: 'high' }), 'high');
    assert.equal(await ask('/api/chat', { ...HI, model, think: true }), true);
    assert.equal(await ask('/v1/chat/completions', { ...HI, model, reasoning_effort: 'none' }), false);
  }
});

test('think of an entry whose model cannot think costs nothing, also under strict', async () => {
  for (const strict of [false, true]) {
    await using server = await startFake(thoughtless);
    await using gateway = await startGateway([], {
      model_list: [entry('ollama_chat/m', server, { think: true })],
      hxllm: { strict },
    });
    for (const turn of [1, 2]) {
      const response = await post(gateway, '/v1/chat/completions', HI);
      assert.equal(response.status, 200, `${String(turn)}: ${await response.text()}`);
      assert.equal(response.headers.get('x-hxllm-ignored-params'), null);
    }
  }
});
