import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSim } from '../../../src/sim/server.ts';
import { errorOf, startGateway, until, untilListed } from '../running.ts';
import { MODEL, startGrowing, words } from './grown-context-stage.ts';

test('the chosen server grows first, the other one when it is idle; short prompts are served meanwhile', async () => {
  await using stage = await startGrowing({ count: 2, loadMs: 1500 });
  // Both have the model in memory.
  await until('both are in use', async () => {
    await Promise.all([1, 2, 3, 4].map(async (tokens) => (await stage.chat(tokens)).text()));
    return (await Promise.all(stage.servers.map((server) => stage.contexts(server)))).flat().length === 2;
  });
  const long = stage.chat(6000);
  await until('a context grows', () => stage.gateway.service().scheduler.waiting === 1);
  const short = await stage.chat(10);
  assert.equal(short.status, 200);
  assert.equal(stage.gateway.service().scheduler.waiting, 1, 'a short prompt waited for the load');
  assert.equal(short.headers.get('x-hxllm-context'), null);
  await short.text();
  const grown = await long;
  assert.match(grown.headers.get('x-hxllm-context') ?? '', /grown from 4096/);
  await grown.text();
  await until('the other one has grown', () => stage.events('context-grown').length === 2);
  const contexts = await Promise.all(stage.servers.map((server) => stage.contexts(server)));
  assert.deepEqual(contexts[0], contexts[1]);
  assert.notDeepEqual(contexts[0], [4096]);
});

test('a prompt that the chosen server refuses goes to the one whose context is longer, and no other load delays it', async () => {
  await using stage = await startGrowing({ count: 2 });
  await (await stage.chat(6000)).text();
  const backend = stage.events('context-grown')[0]?.['backend'];
  for (let turn = 0; turn < 4; turn += 1) {
    const response = await stage.chat(6000);
    assert.deepEqual([response.status, response.headers.get('x-hxllm-backend')], [200, backend]);
    await response.text();
  }
});

test('a prompt that is longer than its estimate ends on the longest context of each server, with a refusal', async () => {
  await using stage = await startGrowing({ count: 3, more: { hxllm: { context: { most: 8192 } } } });
  for (const server of stage.servers) {
    const response = await stage.gateway.chat({ max_tokens: 2 }, { headers: { 'x-hxllm-backend': server.url } });
    await response.text();
  }
  // A letter and a blank are one token here.
  const messages = [{ role: 'user', content: ' a'.repeat(10_000) }];
  const response = await stage.post('/v1/chat/completions', { messages, max_tokens: 4 });
  assert.equal(response.status, 400);
  await response.text();
  await until('the request has ended', () => stage.gateway.ended().length === 4);
  assert.ok(Number(stage.gateway.ended()[3]?.['attempts']) <= 6, JSON.stringify(stage.gateway.ended()[3]));
  const cut = await stage.post('/api/chat', { messages });
  assert.deepEqual([cut.status, cut.headers.get('x-hxllm-truncated')], [200, 'true']);
  await cut.text();
});

test('a context that another client has loaded is no place for a long prompt', async () => {
  await using stage = await startGrowing({ count: 2, more: { hxllm: { context: { most: 8192 } } } });
  for (const [index, { url }] of stage.servers.entries()) {
    const body = JSON.stringify({ model: MODEL, options: { num_ctx: 16_384 / (index + 1) } });
    await (await fetch(`${url}/api/generate`, { method: 'POST', body })).text();
  }
  await untilListed(stage.gateway);
  const messages = [{ role: 'user', content: ' a'.repeat(10_000) }];
  const response = await stage.post('/v1/chat/completions', { messages, max_tokens: 4 });
  assert.equal(response.status, 400);
  assert.match((await errorOf(response)).message, /hxllm\.context\.most allows 8192/);
  await until('the request has ended', () => stage.gateway.ended().length === 1);
  assert.ok(Number(stage.gateway.ended()[0]?.['attempts']) <= 5, JSON.stringify(stage.gateway.ended()[0]));
});

test('a server that works is not loaded anew for a longer context', async () => {
  await using stage = await startGrowing({ count: 2 });
  const [first, second] = stage.servers.map(({ url }) => url);
  const ask = async (url: string | undefined, tokens: number): Promise<void> => {
    const messages = [{ role: 'user', content: words(tokens) }];
    const init = { headers: { 'x-hxllm-backend': url ?? '' } };
    const response = await stage.gateway.chat({ messages, max_tokens: 4 }, init);
    assert.equal(response.status, 200, await response.text());
  };
  await ask(second, 10);
  await ask(first, 6000);
  for (const endMs = performance.now() + 2500; performance.now() < endMs; await sleep(100)) {
    await ask(second, 10);
    assert.deepEqual(await stage.contexts(stage.servers[1]), [4096]);
  }
  await until('it has grown when it is idle', async () => (await stage.contexts(stage.servers[1]))[0] === 8192);
});

test('a server whose own context is longer keeps it, though the model was not in memory there', async (t) => {
  await using small = await startGrowing();
  const large = await startSim({ models: [MODEL], loadMs: 120, tokenMs: 0.1, vramMiB: 24_576 });
  t.after(() => large.close());
  const entry = (api_base: string): object => ({
    model_name: 'm',
    litellm_params: { model: `ollama_chat/${MODEL}`, api_base },
  });
  const [first] = small.servers;
  assert.ok(first !== undefined);
  await using gateway = await startGateway([], { model_list: [entry(first.url), entry(large.url)] });
  const chat = async (url: string, tokens: number): Promise<readonly [number, string | null]> => {
    const messages = [{ role: 'user', content: words(tokens) }];
    const response = await gateway.chat({ messages, max_tokens: 4 }, { headers: { 'x-hxllm-backend': url } });
    await response.text();
    return [response.status, response.headers.get('x-hxllm-context')];
  };
  assert.deepEqual(await chat(first.url, 6000), [200, '8192 (grown from 4096)']);
  // Longer than a server has to be idle.
  await sleep(1500);
  assert.deepEqual(await chat(large.url, 20_000), [200, null]);
  await sleep(1500);
  assert.deepEqual(await small.contexts(large), [32_768], 'nor is it shortened once it is idle');
});
