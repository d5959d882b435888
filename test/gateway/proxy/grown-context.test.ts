import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { startSim } from '../../../src/sim/server.ts';
import { errorOf, startGateway, until, untilListed } from '../running.ts';
import { MODEL, startGrowing, words } from './grown-context-stage.ts';

const CONTEXT = 'x-hxllm-context';

test('a chat that does not fit makes the context longer, once, with room for its answer, and says so', async () => {
  await using stage = await startGrowing();
  await (await stage.chat(10)).text();
  assert.deepEqual(await stage.contexts(), [4096]);
  const response = await stage.chat(6000, { max_tokens: undefined });
  assert.equal(response.status, 200, await response.clone().text());
  assert.equal(response.headers.get(CONTEXT), '16384 (grown from 4096)');
  const route = response.headers.get('x-hxllm-route') ?? '';
  assert.match(route, /^loaded on .*, after its prompt did not fit in a shorter context$/);
  const { usage } = (await response.json()) as { usage: { prompt_tokens: number } };
  assert.ok(usage.prompt_tokens > 6000, String(usage.prompt_tokens));
  assert.deepEqual(await stage.contexts(), [16_384]);
  assert.partialDeepStrictEqual(stage.events('context-grown'), [
    { backend: stage.servers[0]?.url, model: MODEL, from: 4096, to: 16_384 },
  ]);
  assert.equal(stage.metric('hxllm_context_grown_total'), 1);
  assert.equal(stage.metric('hxllm_context_grown_tokens'), 16_384);
  assert.equal(stage.events('loaded').length, 2);
  const health = (await (await stage.gateway.ask('/health')).json()) as { backends: object[] };
  assert.partialDeepStrictEqual(health.backends[0], { contexts: { [MODEL]: { context: 16_384, grown_from: 4096 } } });
});

test('a grown context stays: requests that follow load nothing, whether they are short or long', async () => {
  await using stage = await startGrowing();
  await (await stage.chat(6000)).text();
  for (const tokens of [10, 6000, 3]) {
    const response = await stage.chat(tokens);
    assert.match(response.headers.get(CONTEXT) ?? '', /^\d+ \(grown from 4096\)$/);
    await response.text();
  }
  await untilListed(stage.gateway);
  assert.equal(stage.events('loaded').length, 2);
  assert.equal(stage.events('context-grown').length, 1);
});

test('every API grows: chats, completions, responses, messages, and Ollama’s own, streamed or not', async () => {
  const long = words(6000);
  const messages = [{ role: 'user', content: long }];
  for (const [path, body] of [
    ['/v1/chat/completions', { messages }],
    ['/v1/completions', { prompt: long, max_tokens: 5 }],
    ['/v1/responses', { input: long }],
    ['/v1/messages', { messages, max_tokens: 9 }],
    ['/api/chat', { messages }],
    ['/api/generate', { prompt: long }],
    ['/api/chat', { messages, truncate: false }],
    ['/v1/embeddings', { input: long }],
    ['/api/embed', { input: [long, 'b'] }],
  ] as const)
    for (const stream of [false, true]) {
      if (stream && /embed/.test(path)) continue;
      await using stage = await startGrowing();
      const response = await stage.post(path, { ...body, stream });
      const text = await response.text();
      assert.equal(response.status, 200, `${path}: ${text.slice(0, 300)}`);
      assert.equal(response.headers.get('x-hxllm-truncated'), null, path);
      assert.match(response.headers.get(CONTEXT) ?? '', /^(?:8192|16384) \(grown from 4096\)$/, path);
      assert.equal(stage.events('context-grown').length, 1, path);
      assert.equal(text.includes('does not fit') || text.includes('exceeds'), false, path);
    }
});

test('a context that the entry states, one that the Modelfile states, and fixed ones do not grow', async () => {
  for (const options of [
    { params: { num_ctx: 4096 } },
    { models: [{ name: MODEL, numCtx: 4096 }] },
    { more: { hxllm: { context: 'fixed' } } },
    { more: { hxllm: { context: { most: 4096 } } } },
    { models: [{ name: MODEL, trainedContext: 4096 }] },
  ]) {
    await using stage = await startGrowing(options);
    const response = await stage.chat(6000);
    assert.equal(response.status, 400, JSON.stringify(options));
    const { code, message } = await errorOf(response);
    assert.equal(code, 'context_length_exceeded');
    assert.match(message, /\(the input length exceeds the context length[:)]/);
    assert.deepEqual(await stage.contexts(), [4096]);
    assert.equal(stage.events('context-grown').length, 0);
    // Ollama's own clients get a cut prompt instead, as there.
    const cut = await stage.post('/api/chat', { messages: [{ role: 'user', content: words(6000) }] });
    assert.deepEqual([cut.status, cut.headers.get('x-hxllm-truncated')], [200, 'true'], JSON.stringify(options));
    await cut.text();
  }
});

test('a prompt that not even the longest context holds is refused at once, with the numbers, and nothing is loaded', async () => {
  await using stage = await startGrowing({ more: { hxllm: { context: { most: 8192 } } } });
  const response = await stage.chat(60_000);
  assert.equal(response.status, 400);
  assert.match(
    (await errorOf(response)).message,
    /\(the input length exceeds the context length: 4096 tokens, and about \d+ in the prompt; hxllm\.context\.most allows 8192\)/,
  );
  assert.equal(stage.events('loaded').length, 1);
});

test('the last step ends at the trained context, or at the most that is set', async () => {
  for (const [options, expected] of [
    [{ models: [{ name: MODEL, trainedContext: 10_000 }] }, 10_000],
    [{ more: { hxllm: { context: { most: 9000 } } } }, 9000],
  ] as const) {
    await using stage = await startGrowing(options);
    const response = await stage.chat(6000, { max_tokens: undefined });
    assert.equal(response.headers.get(CONTEXT), `${String(expected)} (grown from 4096)`);
    await response.text();
  }
});

test('a truncate of the client’s own is honoured at once', async () => {
  await using stage = await startGrowing();
  const messages = [{ role: 'user', content: words(6000) }];
  const response = await stage.post('/api/chat', { messages, truncate: true });
  assert.deepEqual([response.status, response.headers.get('x-hxllm-truncated')], [200, 'true']);
  await response.text();
  assert.deepEqual(await stage.contexts(), [4096]);
});

test('prompts that do not fit and come together grow one context, once', async () => {
  await using stage = await startGrowing({ numParallel: 4 });
  await (await stage.chat(10)).text();
  const responses = await Promise.all([6000, 6100, 6200, 6300].map((tokens) => stage.chat(tokens, { n: 2 })));
  for (const response of responses) {
    assert.equal(response.status, 200, await response.clone().text());
    await response.text();
  }
  assert.equal(stage.events('context-grown').length, 1);
  assert.equal(stage.events('loaded').length, 2);
  assert.equal(stage.gateway.service().scheduler.inFlight, 0);
});

test('a load of the growth counts as load time of the request, and not as waiting', async () => {
  await using stage = await startGrowing({ loadMs: 400, more: { hxllm: { max_queue_wait: 0.2 } } });
  await (await stage.chat(10)).text();
  assert.equal((await stage.chat(6000)).status, 200);
  await until('the request has ended', () => stage.gateway.ended().length === 2);
  const line = stage.gateway.ended()[1];
  assert.ok(Number(line?.['load_ms']) >= 300, JSON.stringify(line));
  assert.ok(Number(line?.['queue_ms']) < 300, JSON.stringify(line));
});

test('aliases of one model on one server share the grown context; an alias with its own num_ctx keeps that', async () => {
  await using stage = await startGrowing();
  const [url] = stage.servers.map((server) => server.url);
  const entry = (model_name: string, more: object = {}): object => ({
    model_name,
    litellm_params: { model: `ollama_chat/${MODEL}`, api_base: url, ...more },
  });
  await using own = await startGrowing({
    more: { model_list: [entry('m'), entry('n'), entry('o', { num_ctx: 2048 })] },
  });
  await (await own.chat(6000)).text();
  const loads = own.events('loaded').length;
  const shared = await own.chat(10, { model: 'n' });
  assert.match(shared.headers.get(CONTEXT) ?? '', /grown from 4096/);
  await shared.text();
  assert.equal(own.events('loaded').length, loads);
  const stated = await own.chat(10, { model: 'o' });
  assert.equal(stated.headers.get(CONTEXT), null);
  await stated.text();
  assert.deepEqual(await stage.contexts(stage.servers[0]), [2048]);
});

test('a load of Ollama’s API finds a grown model in memory', async () => {
  await using stage = await startGrowing();
  await (await stage.chat(6000)).text();
  const loads = stage.servers[0]?.requests('/api/generate');
  const response = await stage.post('/api/generate', {});
  assert.partialDeepStrictEqual(await response.json(), { done: true, done_reason: 'load' });
  assert.equal(stage.servers[0]?.requests('/api/generate'), loads);
  await (await stage.post('/v1/messages/count_tokens', { messages: [{ role: 'user', content: 'a' }] })).text();
  assert.notDeepEqual(await stage.contexts(), [4096]);
});

test('a server that is too busy to list its models when a prompt does not fit: the context is told as it was listed last', async () => {
  await using open = new AsyncDisposableStack();
  const options = { models: [MODEL], loadMs: 120, tokenMs: 0.1, prefillMsPerToken: 0.001, vramMiB: 20_000 };
  const sim = open.adopt(await startSim(options), (one) => one.close());
  let isBusy = false;
  await using between = createServer((incoming, outgoing) => {
    if (isBusy && incoming.url === '/api/ps') return;
    const { method, headers, url = '' } = incoming;
    incoming.pipe(
      request(`${sim.url}${url}`, { method, headers }, (response) => {
        response.pipe(outgoing.writeHead(response.statusCode ?? 500, response.headers));
      }),
    );
  }).listen(0, '127.0.0.1');
  await once(between, 'listening');
  const api_base = `http://127.0.0.1:${String((between.address() as AddressInfo).port)}`;
  await using gateway = await startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: { model: `ollama_chat/${MODEL}`, api_base } }],
  });
  const chat = (tokens: number): Promise<Response> =>
    gateway.chat({ messages: [{ role: 'user', content: words(tokens) }], max_tokens: 8 });
  await (await chat(10)).text();
  await untilListed(gateway);
  isBusy = true;
  const response = await chat(6000);
  assert.equal(response.status, 200, await response.clone().text());
  assert.equal(response.headers.get(CONTEXT), '8192 (grown from 4096)');
  await response.text();
  between.closeAllConnections();
});
