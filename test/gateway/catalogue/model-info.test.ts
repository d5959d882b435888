import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startFake } from '../fake-upstream.ts';
import { KEY, startGateway } from '../running.ts';
import { SECRET, startLitellm } from '../litellm-stage.ts';

const { fake, gateway, stop } = await startLitellm();
after(stop);

interface Info {
  readonly model_name: string;
  readonly litellm_params: Readonly<Record<string, unknown>>;
  readonly model_info: Readonly<Record<string, unknown>> & { readonly id: string };
}

async function data<T = Info>(path: string): Promise<readonly T[]> {
  const response = await gateway.ask(path);
  assert.equal(response.status, 200);
  const text = await response.text();
  assert.ok(!text.includes(SECRET) && !text.includes(KEY), 'a secret is shown');
  const body = JSON.parse(text) as { data: readonly T[] };
  assert.deepEqual(Object.keys(body), ['data']);
  return body.data;
}

test('/v1/model/info and /model/info list every deployment of every alias, without hidden aliases', async () => {
  const listed = await data('/v1/model/info');
  assert.deepEqual(await data('/model/info'), listed);
  assert.deepEqual(
    listed.map(({ model_name, litellm_params }) => [model_name, litellm_params['model']]),
    [
      ['chat', 'ollama_chat/sees'],
      ['chat', 'ollama/plain'],
      ['plain', 'ollama/plain'],
      ['vectors', 'ollama/embeds'],
      ['gone', 'ollama/gone'],
      ['org/name:7b', 'ollama_chat/sees'],
      ['ü ß', 'ollama_chat/sees'],
      ['gpt-4o', 'ollama_chat/sees'],
      ['gpt-4o', 'ollama/plain'],
    ],
  );
  assert.equal(new Set(listed.map(({ model_info }) => model_info.id)).size, 7);
});

test('an entry has the fields of LiteLLM: parameters without keys, and the properties that the server reports', async () => {
  const [first] = await data('/v1/model/info');
  assert.deepEqual(first?.litellm_params, {
    api_base: `${fake.url}/`,
    model: 'ollama_chat/sees',
    num_ctx: 4096,
    rpm: 30,
    temperature: 0.5,
    use_in_pass_through: false,
    use_litellm_proxy: false,
    merge_reasoning_content_in_choices: false,
  });
  assert.partialDeepStrictEqual(first?.model_info, {
    id: 'own-id',
    db_model: false,
    key: 'sees',
    litellm_provider: 'ollama_chat',
    mode: 'chat',
    max_tokens: 4096,
    max_input_tokens: 4096,
    max_output_tokens: 4096,
    stated_context: 4096,
    trained_context: 8192,
    input_cost_per_token: 0,
    output_cost_per_token: 0,
    cache_read_input_token_cost: null,
    supports_vision: true,
    supports_function_calling: true,
    supports_tool_choice: true,
    supports_reasoning: true,
    supports_prompt_caching: null,
  });
});

test('model_info of the file counts before the server; null in the file counts as absent', async () => {
  const [, second, plain] = await data('/v1/model/info');
  assert.partialDeepStrictEqual(second?.model_info, {
    supports_vision: false,
    max_input_tokens: 99,
    max_output_tokens: 1024,
    note: 'mine',
    input_cost_per_token: 0,
    supports_function_calling: false,
  });
  assert.equal(plain?.model_info['max_input_tokens'], 1024, 'the context of the Modelfile');
  assert.partialDeepStrictEqual(plain?.model_info, { stated_context: 1024, trained_context: 8192 });
});

test('the mode is that of the file, else the one that the server reports; a server without the model reports nothing', async () => {
  const [, , , vectors, gone] = await data('/v1/model/info');
  assert.partialDeepStrictEqual(vectors?.model_info, {
    mode: 'embedding',
    max_input_tokens: 8192,
    stated_context: null,
    trained_context: 8192,
  });
  assert.partialDeepStrictEqual(gone?.model_info, {
    mode: 'embedding',
    max_input_tokens: null,
    supports_vision: null,
    supports_function_calling: null,
  });
  assert.ok(!('api_key' in (gone?.model_info ?? {})));
});

test('litellm_model_id names one deployment, as the header x-litellm-model-id does; another is 400', async () => {
  const response = await gateway.chat({ model: 'plain' });
  const id = response.headers.get('x-litellm-model-id') ?? '';
  assert.deepEqual(
    (await data(`/model/info?litellm_model_id=${id}`)).map(({ model_name }) => model_name),
    ['plain'],
  );
  assert.deepEqual(
    (await data('/v1/model/info?litellm_model_id=own-id')).map(({ model_info }) => model_info.id),
    ['own-id'],
  );
  const unknown = await gateway.ask('/model/info?litellm_model_id=none');
  assert.equal(unknown.status, 400);
  assert.deepEqual(await unknown.json(), { detail: { error: 'Model id = none not found on litellm proxy' } });
});

test('/model_group/info lists each alias once, with the most that its deployments can do and the sum of their limits', async () => {
  const groups = await data<Readonly<Record<string, unknown>>>('/model_group/info');
  assert.deepEqual(
    groups.map(({ model_group }) => model_group),
    ['chat', 'plain', 'vectors', 'gone', 'org/name:7b', 'ü ß', 'gpt-4o'],
  );
  const [chat] = await data<Readonly<Record<string, unknown>>>('/model_group/info?model_group=chat');
  assert.partialDeepStrictEqual(chat, {
    model_group: 'chat',
    providers: ['ollama_chat', 'ollama'],
    max_input_tokens: 4096,
    max_output_tokens: 4096,
    input_cost_per_token: 0,
    output_cost_per_token: 0,
    mode: 'chat',
    tpm: 1000,
    rpm: 30,
    supports_parallel_function_calling: true,
    supports_vision: true,
    supports_function_calling: true,
    supports_web_search: false,
    is_public_model_group: false,
    health_status: null,
  });
  for (const absent of ['secret', 'none'])
    assert.deepEqual(await data(`/model_group/info?model_group=${absent}`), [], absent);
});

test('a hidden alias is in no list, and is served', async () => {
  const openai = (await (await gateway.ask('/v1/models')).json()) as { data: readonly { id: string }[] };
  const anthropic = (await (
    await gateway.ask('/v1/models?limit=100', { headers: { 'anthropic-version': '2023-06-01' } })
  ).json()) as { data: readonly { id: string }[] };
  const tags = (await (await gateway.ask('/api/tags')).json()) as { models: readonly { name: string }[] };
  for (const names of [
    openai.data.map(({ id }) => id),
    anthropic.data.map(({ id }) => id),
    tags.models.map(({ name }) => name),
  ]) {
    assert.ok(names.includes('gpt-4o'));
    assert.ok(!names.includes('secret'));
  }
  assert.equal((await gateway.chat({ model: 'secret' })).status, 200);
  assert.equal((await gateway.ask('/v1/models/secret')).status, 200);
});

test('the paths need the key, in any of the headers that LiteLLM reads', async () => {
  for (const path of ['/v1/model/info', '/model/info', '/model_group/info', '/health/services']) {
    assert.equal((await fetch(gateway.url + path)).status, 401, path);
    assert.equal((await fetch(gateway.url + path, { headers: { 'x-litellm-api-key': 'sk-wrong' } })).status, 401, path);
  }
  // Cline and Roo Code.
  assert.equal((await fetch(`${gateway.url}/v1/model/info`, { headers: { 'x-litellm-api-key': KEY } })).status, 200);
  assert.equal((await gateway.ask('/v1/model/info')).status, 200);
});

test('/health/services says that no service is set up, as LiteLLM does', async () => {
  const without = await gateway.ask('/health/services');
  assert.equal(without.status, 422);
  assert.deepEqual(await without.json(), {
    detail: [{ type: 'missing', loc: ['query', 'service'], msg: 'Field required' }],
  });
  const slack = await gateway.ask('/health/services?service=slack');
  assert.equal(slack.status, 422);
  assert.partialDeepStrictEqual(await slack.json(), {
    error: { message: `{'error': '"slack" not in proxy config: general_settings. Unable to test this.'}`, code: '422' },
  });
});

test('an OpenAI-compatible server reports the context length alone; its provider is the entry’s prefix', async () => {
  await using server = await startFake((_got, outgoing) => {
    outgoing.end('{"data":[{"id":"theirs","max_model_len":2048}]}');
  });
  await using own = await startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: { model: 'hosted_vllm/theirs', api_base: `${server.url}/v1` } }],
  });
  const { data: entries } = (await (await own.ask('/v1/model/info')).json()) as { data: readonly Info[] };
  assert.partialDeepStrictEqual(entries[0]?.model_info, {
    key: 'theirs',
    litellm_provider: 'hosted_vllm',
    mode: 'chat',
    max_input_tokens: 2048,
    supports_vision: null,
    supports_function_calling: null,
  });
});

test('a server that is silent delays no list beyond the time that clients wait', async () => {
  await using server = await startFake();
  await using own = await startGateway([server], {
    model_list: ['a', 'b', 'c', 'd', 'e'].map((name) => ({
      model_name: name,
      litellm_params: { model: `ollama_chat/${name}`, api_base: server.url },
    })),
  });
  server.freeze();
  const sinceMs = performance.now();
  const { data: entries } = (await (await own.ask('/v1/model/info')).json()) as { data: readonly Info[] };
  assert.equal(entries.length, 5);
  assert.equal(entries[4]?.model_info['supports_vision'], null);
  assert.ok(performance.now() - sinceMs < 5000, 'Roo Code waits for 5 s');
});
