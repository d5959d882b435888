import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFake } from '../fake-upstream.ts';
import { startGateway, textOf } from '../running.ts';

test('a name whose entries are left out is served by its first fallback that is here, and the response says so', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake], {
    model_list: [
      { model_name: 'cloud', litellm_params: { model: 'gpt-4.1-mini', api_key: 'os.environ/NOT_SET' } },
      { model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: fake.url } },
    ],
    router_settings: {
      fallbacks: [{ cloud: ['nobody', 'm'] }],
      model_group_alias: { quiet: { model: 'm', hidden: true }, loud: { model: 'm' }, lost: ['m'] },
    },
  });
  const response = await gateway.chat({ model: 'cloud' });
  assert.match(response.headers.get('x-hxllm-route') ?? '', /^fallback\//);
  assert.equal(await textOf(response), 'hello');
  assert.doesNotMatch((await gateway.chat()).headers.get('x-hxllm-route') ?? '', /^fallback\//);
  for (const path of ['/v1/models', '/api/tags']) {
    const list = await (await gateway.ask(path)).text();
    assert.deepEqual(
      ['m', 'cloud', 'loud', 'quiet', 'lost'].filter((name) => list.includes(`"${name}"`)),
      ['m', 'cloud', 'loud'],
      path,
    );
  }
  assert.equal(await textOf(await gateway.chat({ model: 'quiet' })), 'hello');
  assert.equal((await gateway.chat({ model: 'lost' })).status, 404);
});
