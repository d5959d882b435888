import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKeyHash, newApiKey } from '../../../src/core/api-key.ts';
import { answersShortly, stalls, startFake } from '../fake-upstream.ts';
import { KEY, until } from '../running.ts';
import { startHost, untilLogged } from './instances-stage.ts';

const BUDGET = newApiKey();

test('limits and budgets hold over a take-over, with what the elder instance still answers', async () => {
  await using fake = await startFake();
  await using host = await startHost();
  const file = await host.write('config.yaml', {
    model_list: [{ model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: fake.url } }],
    general_settings: { master_key: KEY },
    hxllm: {
      state_dir: host.folder,
      backends: { [fake.url]: { num_parallel: 8 } },
      keys: [{ alias: 'budget', hash: apiKeyHash(BUDGET), token_budget: 1000 }],
    },
  });
  const ask = (path: string, key: string, body: object): Promise<Response> =>
    fetch(`${host.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify(body),
    });
  const chat = (key: string, more: object = {}): Promise<Response> =>
    ask('/v1/chat/completions', key, { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more });
  const first = host.launch('1', file);
  await untilLogged(first, 'listening');
  // As `smoke --keys` does, over one connection.
  const { key } = (await (await ask('/key/generate', KEY, { rpm_limit: 2 })).json()) as { readonly key: string };
  for (const status of [200, 200]) assert.equal((await chat(key)).status, status);
  fake.behave(stalls('a'));
  const running = await chat(BUDGET, { max_tokens: 600, stream: true });
  const second = host.launch('2', file);
  await untilLogged(second, 'standby');
  assert.equal((await host.control('take-over', '--instance', '2')).code, 0);
  assert.ok(first.isRunning());
  fake.behave(answersShortly('b'));
  const third = await chat(key);
  assert.equal(third.status, 429, await third.text());
  const held = await chat(BUDGET, { max_tokens: 600 });
  const text = await held.text();
  assert.equal(held.status, 429, text);
  assert.match(
    text,
    /0 tokens are spent and this request may take 601 tokens, but running requests have reserved the rest/,
  );
  // A request that fits has its place.
  await (await chat(BUDGET, { max_tokens: 2 })).text();
  await running.body?.cancel();
  await first.ended();
  // Of the one that was cut: the part that was passed on.
  await until('the rest is free', async () => (await chat(BUDGET, { max_tokens: 900 })).status === 200);
  const spent = async (): Promise<number> => {
    const refused = await (await chat(BUDGET, { max_tokens: 5000 })).text();
    return Number(/: (\d+) tokens are spent/.exec(refused)?.[1]);
  };
  // Two answers of 7 tokens here, and the part of the elder one.
  await until('all is known', async () => (await spent()) > 14);
  assert.ok((await spent()) < 40);
  second.kill('SIGTERM');
  await second.ended();
});
