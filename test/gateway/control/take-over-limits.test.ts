import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiKeyHash, newApiKey } from '../../../src/core/api-key.ts';
import { answersShortly, stalls, startFake, type FakeUpstream } from '../fake-upstream.ts';
import { KEY, until } from '../running.ts';
import { askInstance } from '../../../src/gateway/control/control-request.ts';
import { startHost, untilLogged } from './instances-stage.ts';

const [BUDGET, WATCHER] = [newApiKey(), newApiKey()];

/** The configuration of all instances. */
function configOf({ url }: FakeUpstream, folder: string, keys: readonly object[]): object {
  return {
    model_list: [{ model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: url } }],
    general_settings: { master_key: KEY },
    hxllm: { state_dir: folder, backends: { [url]: { num_parallel: 8 } }, keys },
  };
}

test('limits and budgets hold over a take-over, with what the elder instance still answers', async () => {
  await using fake = await startFake();
  await using host = await startHost();
  const file = await host.write(
    'config.yaml',
    configOf(fake, host.folder, [{ alias: 'budget', hash: apiKeyHash(BUDGET), token_budget: 1000 }]),
  );
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

test('requests of a minute count once, whichever of three instances has let them in, and the elder ones go on telling', async () => {
  await using fake = await startFake();
  await using host = await startHost();
  const file = await host.write(
    'config.yaml',
    configOf(fake, host.folder, [
      { alias: 'limited', hash: apiKeyHash(BUDGET), rpm_limit: 8 },
      { alias: 'watcher', hash: apiKeyHash(WATCHER) },
    ]),
  );
  const chat = (key: string, agent: Agent | false, more: object = {}): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const url = `${host.url}/v1/chat/completions`;
      const asked = request(url, { method: 'POST', headers, agent }, resolve).once('error', reject);
      asked.end(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more }));
    });
  const status = async (agent: Agent | false = false): Promise<number | undefined> => {
    const answer = await chat(BUDGET, agent);
    answer.resume();
    await once(answer, 'end');
    return answer.statusCode;
  };
  const first = host.launch('1', file);
  await untilLogged(first, 'listening');
  using kept = Object.assign(new Agent({ keepAlive: true, maxSockets: 1 }), {
    [Symbol.dispose](this: Agent) {
      this.destroy();
    },
  });
  for (let count = 0; count < 2; count += 1) assert.equal(await status(kept), 200);
  fake.behave(stalls('a'));
  const running = await chat(WATCHER, false, { stream: true });
  fake.behave(answersShortly('b'));
  for (const [id, at] of [
    ['2', kept],
    ['3', undefined],
  ] as const) {
    await untilLogged(host.launch(id, file), 'standby');
    const taking = { method: 'POST', path: '/take-over', timeoutMs: 30_000 } as const;
    assert.ok((await askInstance({ id, folder: host.runtimeFolder }, taking)).ok);
    // Over a connection that the first one still has, which it closes behind this answer.
    if (at !== undefined) assert.equal(await status(at), 200);
  }
  assert.equal(first.log().filter(({ caller }) => caller === 'limited').length, 3);
  assert.ok(first.isRunning());
  // It is told within a second: three of eight are used.
  await sleep(1000);
  const seen = [];
  for (let count = 0; count < 6; count += 1) seen.push(await status());
  assert.deepEqual(seen, [200, 200, 200, 200, 200, 429]);
  running.destroy();
});
