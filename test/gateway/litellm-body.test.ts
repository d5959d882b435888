import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import { answersShortly, startFake } from './fake-upstream.ts';
import { startFailing } from './failing-stage.ts';
import { errorOf, startGateway, textOf } from './running.ts';

const { fake, gateway, reset, stop } = await startFailing();
after(stop);
afterEach(reset);

function ignored(response: Response): string | null {
  return response.headers.get('x-hxllm-ignored-params');
}

/** The body of the last request to Ollama, after a chat that succeeds. */
async function sent(
  more: object,
): Promise<{ readonly body: Readonly<Record<string, unknown>>; readonly response: Response }> {
  const response = await gateway.chat(more);
  assert.equal(response.status, 200, await response.clone().text());
  return { body: JSON.parse(fake.requests.at(-1)?.body ?? '') as Record<string, unknown>, response };
}

test('Ollama’s options reach Ollama from the body, from its options, and from extra_body', async () => {
  for (const more of [
    { repeat_last_n: 3, top_k: 7, num_predict: 9 },
    { options: { repeat_last_n: 3, top_k: 7, num_predict: 9 } },
    { extra_body: { options: { repeat_last_n: 3, top_k: 7, num_predict: 9 } } },
    { extra_body: { repeat_last_n: 3, top_k: 7, num_predict: 9 } },
  ]) {
    const { body, response } = await sent(more);
    assert.deepEqual(
      body['options'],
      { num_ctx: 4096, repeat_last_n: 3, top_k: 7, num_predict: 9 },
      JSON.stringify(more),
    );
    assert.equal(ignored(response), null);
  }
});

test('num_ctx is given where the alias has as much, and named where it has not; other options of the runner are named', async () => {
  for (const more of [{ num_ctx: 2048 }, { extra_body: { num_ctx: 4096 } }, { options: { num_ctx: 1 } }])
    assert.equal(ignored((await sent(more)).response), null, JSON.stringify(more));
  for (const [more, named] of [
    [{ num_ctx: 8192 }, 'num_ctx'],
    [{ extra_body: { options: { num_ctx: 8192 } } }, 'options.num_ctx'],
    [{ num_gpu: 1, keep_alive: '2h' }, 'keep_alive, num_gpu'],
    [{ options: { mirostat: 1 } }, 'options.mirostat'],
  ] as const) {
    const { body, response } = await sent(more);
    assert.deepEqual(body['options'], { num_ctx: 4096 });
    assert.equal(ignored(response), named);
  }
});

test('the body’s own fields count before those of extra_body; a wrong extra_body is refused by name', async () => {
  assert.partialDeepStrictEqual((await sent({ seed: 1, extra_body: { seed: 2, model: 'bad' } })).body, {
    model: 'm',
    options: { seed: 1 },
  });
  for (const [more, param] of [
    [{ extra_body: 'x' }, 'extra_body'],
    [{ extra_body: { options: 1 } }, 'options'],
    [{ num_ctx: 'many' }, 'num_ctx'],
    [{ options: { top_k: 'x' } }, 'options.top_k'],
    [{ fallbacks: 'm' }, 'fallbacks'],
    [{ fallbacks: [1] }, 'fallbacks'],
    [{ num_retries: -1 }, 'num_retries'],
    [{ num_retries: 1e9 }, 'num_retries'],
    [{ timeout: 'soon' }, 'timeout'],
    [{ mock_response: {} }, 'mock_response'],
    [{ disable_fallbacks: 'yes' }, 'disable_fallbacks'],
  ] as const) {
    const response = await gateway.chat(more);
    assert.equal(response.status, 400, JSON.stringify(more));
    assert.equal((await errorOf(response)).param, param);
  }
});

test('parameters about LiteLLM’s own log and cache are taken; other ones are named', async () => {
  const quiet = {
    user: 'u',
    metadata: { a: 'b' },
    tags: ['x'],
    cache: { 'no-cache': true },
    caching: true,
    ttl: 3,
    'no-log': true,
    drop_params: true,
    allowed_openai_params: ['x'],
    litellm_metadata: {},
    litellm_session_id: 's',
    litellm_trace_id: 't',
    num_retries: 1,
    timeout: 60,
  };
  const { body, response } = await sent(quiet);
  assert.equal(ignored(response), null);
  assert.deepEqual(Object.keys(body).toSorted(), ['messages', 'model', 'options', 'shift', 'stream', 'truncate']);
  const named = (await sent({ guardrails: ['g'], api_base: 'http://evil.example', api_key: 'k', prompt_id: 'p' }))
    .response;
  assert.equal(ignored(named), 'guardrails, api_base, api_key, prompt_id');
});

test('the name of an entry is a model too, with all deployments of that name, and in no list', async () => {
  for (const model of ['ollama_chat/m', 'ollama/broken']) {
    const response = await gateway.chat({ model });
    assert.equal(response.headers.get('x-litellm-model-group'), model === 'ollama_chat/m' ? model : null);
    assert.equal(response.status, model === 'ollama_chat/m' ? 200 : 502);
  }
  assert.equal((await gateway.chat({ model: 'ollama_chat/none' })).status, 404);
  const { data } = (await (await gateway.ask('/v1/models')).json()) as { data: readonly { id: string }[] };
  assert.deepEqual(
    data.map(({ id }) => id),
    ['m', 'twin', 'bad', 'worse'],
  );
});

test('custom_llm_provider completes the name of an entry, and is named where it asks for another kind of server', async () => {
  fake.behave(answersShortly('mine'));
  assert.equal(await textOf(await gateway.chat({ model: 'm', custom_llm_provider: 'ollama_chat' })), 'mine');
  const none = await gateway.chat({ model: 'none', custom_llm_provider: 'ollama' });
  assert.match((await errorOf(none)).message, /`none` does not exist/);
  const own = await gateway.chat({ model: 'broken', custom_llm_provider: 'ollama' });
  assert.equal(own.status, 502, 'the entry ollama/broken');
  assert.equal(ignored((await sent({ custom_llm_provider: 'ollama' })).response), null);
  assert.equal(ignored((await sent({ custom_llm_provider: 'bedrock' })).response), 'custom_llm_provider');
});

test('mock_response is the answer, whole and streamed, and no server is asked', async () => {
  const before = fake.requests.length;
  const whole = await gateway.chat({ mock_response: 'a mock', n: 2 });
  assert.partialDeepStrictEqual(await whole.json(), {
    model: 'm',
    choices: [{ message: { content: 'a mock' }, finish_reason: 'stop' }, { message: { content: 'a mock' } }],
    usage: { prompt_tokens: 10 },
  });
  const stream = await gateway.chat({ mock_response: 'a mock', stream: true });
  const text = await stream.text();
  assert.ok(text.includes('"content":"a mock"') && text.endsWith('data: [DONE]\n\n'));
  const completion = await gateway.ask('/v1/completions', {
    method: 'POST',
    body: JSON.stringify({ model: 'worse', prompt: 'hi', mock_response: 'a mock' }),
  });
  assert.partialDeepStrictEqual(await completion.json(), { choices: [{ text: 'a mock' }] });
  assert.equal(fake.requests.length, before);
  assert.equal((await gateway.chat({ model: 'none', mock_response: 'x' })).status, 404);
});

test('an OpenAI-compatible server gets the request without LiteLLM’s parameters, and with the fields of extra_body', async () => {
  await using server = await startFake((_got, outgoing) => {
    outgoing.end('{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}');
  });
  await using stage = await startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: { model: 'openai/theirs', api_base: `${server.url}/v1` } }],
  });
  const response = await stage.chat({
    fallbacks: ['x'],
    num_retries: 1,
    timeout: 9,
    tags: ['t'],
    cache: {},
    metadata: { a: 'b' },
    extra_body: { guided_json: { type: 'object' }, top_k: 3 },
  });
  assert.equal(response.status, 200);
  assert.deepEqual(JSON.parse(server.requests.at(-1)?.body ?? ''), {
    model: 'theirs',
    messages: [{ role: 'user', content: 'hi' }],
    metadata: { a: 'b' },
    guided_json: { type: 'object' },
    top_k: 3,
  });
});

test('mock_response of an embeddings request is named: it has no text', async () => {
  fake.behave((_got, outgoing) => {
    outgoing.end('{"model":"m","embeddings":[[0.5,0.25]],"prompt_eval_count":1}');
  });
  const response = await gateway.ask('/v1/embeddings', {
    method: 'POST',
    body: JSON.stringify({ model: 'm', input: 'hi', mock_response: 'x', num_ctx: 8192, timeout: 9 }),
  });
  assert.equal(response.status, 200);
  assert.equal(ignored(response), 'mock_response, num_ctx');
});
