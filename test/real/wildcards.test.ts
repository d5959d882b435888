import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGateway, until } from '../gateway/running.ts';
import { startRealOllama, whyNoRealOllama } from './ollama-server.ts';

const skip = whyNoRealOllama();

test(
  'a pattern serves the models of a real server, also one that it gets later',
  { skip, timeout: 60_000 },
  async () => {
    const server = await startRealOllama({ others: ['b'] });
    try {
      await using gateway = await startGateway([], {
        model_list: [{ model_name: 'local/*', litellm_params: { model: 'ollama_chat/*', api_base: server.url } }],
      });
      const { data } = (await (await gateway.ask('/v1/models')).json()) as { data: { id: string }[] };
      const names = data.map(({ id }) => id);
      assert.ok(names.includes('local/b:latest') && names.includes('local/tiny:latest'), names.join(' '));
      assert.equal((await gateway.chat({ model: 'local/b', max_tokens: 3 })).status, 200);
      assert.equal((await gateway.chat({ model: 'local/later', max_tokens: 3 })).status, 404);
      const copy = { source: 'tiny', destination: 'later' };
      await fetch(`${server.url}/api/copy`, { method: 'POST', body: JSON.stringify(copy) });
      await until(
        'the new model is served',
        async () => (await gateway.chat({ model: 'local/later', max_tokens: 3 })).status === 200,
      );
    } finally {
      await server.close();
    }
  },
);
