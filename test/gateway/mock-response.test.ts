import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answersShortly, startFake } from './fake-upstream.ts';
import { startGateway, textOf, type Running } from './running.ts';

const MOCK = { model: 'anthropic/claude-x', api_key: 'os.environ/NOT_SET', mock_response: 'moved away' };

function post(gateway: Running, path: string, body: object): Promise<Response> {
  return gateway.ask(path, { method: 'POST', body: JSON.stringify(body) });
}

test('mock_response of an entry is the response in every API, and no server is asked', async () => {
  await using fake = await startFake(answersShortly('real'));
  await using gateway = await startGateway([], {
    model_list: [
      { model_name: 'real', litellm_params: { model: 'ollama_chat/m', api_base: fake.url } },
      { model_name: 'mock', litellm_params: MOCK },
      { model_name: 'here', litellm_params: { model: 'ollama_chat/m', api_base: fake.url, mock_response: 'mine' } },
    ],
  });
  const asked = fake.requests.filter(({ path }) => path === '/api/chat').length;
  assert.equal(await textOf(await gateway.chat({ model: 'mock' })), 'moved away');
  assert.equal(await textOf(await gateway.chat({ model: 'here' })), 'mine');
  assert.match(await (await gateway.chat({ model: 'mock', stream: true })).text(), /moved away[^]*\[DONE\]/);
  const messages = [{ role: 'user', content: 'hi' }];
  for (const [path, body] of [
    ['/v1/messages', { max_tokens: 5, messages }],
    ['/v1/responses', { input: 'hi' }],
    ['/v1/completions', { prompt: 'hi' }],
    ['/api/chat', { messages }],
  ] as const) {
    const response = await post(gateway, path, { model: 'mock', ...body });
    assert.match(await response.text(), /moved away/, path);
  }
  assert.equal((await post(gateway, '/v1/embeddings', { model: 'mock', input: 'hi' })).status, 503);
  assert.equal(fake.requests.filter(({ path }) => path === '/api/chat').length, asked);
  assert.equal(await textOf(await gateway.chat({ model: 'real' })), 'real');
});

test('an alias with a mocked entry and another one gives both', async () => {
  await using fake = await startFake(answersShortly('real'));
  await using gateway = await startGateway([], {
    model_list: [
      { model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: fake.url } },
      { model_name: 'm', litellm_params: MOCK },
    ],
  });
  const texts = new Set<string>();
  for (let turn = 0; turn < 40; turn += 1) texts.add(await textOf(await gateway.chat({ model: 'm' })));
  assert.deepEqual(texts, new Set(['real', 'moved away']));
});

test('a fallback or alias may name an entry by its litellm_params.model', async () => {
  await using fake = await startFake(answersShortly('real'));
  await using gateway = await startGateway([], {
    model_list: [
      { model_name: 'broken', litellm_params: { model: 'ollama_chat/m', api_base: 'http://127.0.0.1:9' } },
      { model_name: 'local', litellm_params: { model: 'ollama_chat/small', api_base: fake.url } },
    ],
    router_settings: {
      fallbacks: [{ broken: ['ollama_chat/small'] }],
      model_group_alias: { other: 'ollama_chat/small' },
    },
  });
  assert.equal(await textOf(await gateway.chat({ model: 'broken' })), 'real');
  assert.equal(await textOf(await gateway.chat({ model: 'other' })), 'real');
  const { data } = (await (await gateway.ask('/v1/models')).json()) as { data: { id: string }[] };
  assert.deepEqual(data.map(({ id }) => id).toSorted(), ['broken', 'local', 'other']);
});
