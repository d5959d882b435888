import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorOf, until } from '../running.ts';
import { MODEL, startGrowing, words } from './grown-context-stage.ts';

const CONTEXT = 'x-hxllm-context';
// The model has 8,145 MiB, and each token of its context 128 KiB: 4,096 tokens fit into 9,000 MiB, and 8,192 do not.
const NARROW = { vramMiB: 9000 };

test('a longer context that spills out of VRAM goes back, is remembered, and the prompt is refused with the numbers', async () => {
  await using stage = await startGrowing(NARROW);
  await (await stage.chat(10)).text();
  const response = await stage.chat(6000);
  assert.equal(response.status, 400, await response.clone().text());
  const { code, message } = await errorOf(response);
  assert.equal(code, 'context_length_exceeded');
  assert.match(message, /4096 tokens, and about \d+ in the prompt; its server has no memory for a longer one/);
  assert.deepEqual(await stage.contexts(), [4096]);
  assert.partialDeepStrictEqual(stage.events('context-not-grown'), [
    { model: MODEL, from: 4096, to: 8192, reason: 'spilled' },
  ]);
  assert.equal(stage.events('context-grown').length, 0);
  const loads = stage.events('loaded').length;
  assert.equal((await stage.chat(6000)).status, 400);
  const short = await stage.chat(10);
  assert.deepEqual([short.status, short.headers.get(CONTEXT)], [200, null]);
  await short.text();
  assert.equal(stage.events('loaded').length, loads, 'it was tried again');
  const health = (await (await stage.gateway.ask('/health')).json()) as { backends: object[] };
  assert.partialDeepStrictEqual(health.backends[0], {
    contexts: { [MODEL]: { refused: { tokens: 8192, reason: 'spilled' } } },
  });
  assert.equal(stage.metric('hxllm_context_grown_total'), 1);
  assert.match([...stage.gateway.metrics.parts()].join(''), /hxllm_context_grown_total\{[^}]*result="spilled"\} 1/);
});

test('a client of Ollama’s API gets a cut prompt where no context is long enough', async () => {
  await using stage = await startGrowing(NARROW);
  const messages = [{ role: 'user', content: words(6000) }];
  for (const path of ['/api/chat', '/api/chat']) {
    const response = await stage.post(path, { messages, stream: false });
    assert.deepEqual([response.status, response.headers.get('x-hxllm-truncated')], [200, 'true']);
    assert.match(response.headers.get('x-hxllm-route') ?? '', /, with its prompt cut to fit$/);
    await response.text();
  }
  assert.deepEqual(await stage.contexts(), [4096]);
});

test('a server that held a part of the model in main memory before may hold a part of the longer one', async () => {
  await using stage = await startGrowing({ vramMiB: 8000 });
  const response = await stage.chat(6000);
  assert.deepEqual([response.status, response.headers.get(CONTEXT)], [200, '8192 (grown from 4096)']);
  await response.text();
});

test('a longer context that does not load goes back, and requests that fit are served', async () => {
  await using stage = await startGrowing();
  await (await stage.chat(10)).text();
  const message = 'model requires more system memory (37.7 GiB) than is available (21.4 GiB)';
  stage.servers[0]?.faults.add({ kind: 'failed-load', path: '/api/generate', message });
  const [long, short] = await Promise.all([
    stage.chat(6000),
    until('it is tried', () => stage.events('load-failed').length > 0).then(() => stage.chat(10)),
  ]);
  assert.deepEqual([long.status, short.status], [400, 200], await short.clone().text());
  assert.match((await errorOf(long)).message, /no memory for a longer one/);
  await short.text();
  assert.partialDeepStrictEqual(stage.events('context-not-grown'), [{ to: 8192, reason: 'not-loaded' }]);
  assert.deepEqual(await stage.contexts(), [4096]);
  assert.equal(stage.gateway.service().scheduler.inFlight, 0);
});

test('a model that is gone by then, or a broken connection, says nothing about the context', async () => {
  await using stage = await startGrowing();
  await (await stage.chat(10)).text();
  stage.servers[0]?.faults.add({ kind: 'failed-load', path: '/api/generate', status: 404, message: 'model not found' });
  assert.notEqual((await stage.chat(6000)).status, 200);
  assert.equal(stage.events('context-not-grown').length, 0);
  await until('the model is loaded again', async () => (await stage.chat(6000)).status === 200);
});

test('of two servers the second grows if the first cannot, and prompts go there from then on', async () => {
  await using narrow = await startGrowing(NARROW);
  await using wide = await startGrowing();
  const urls = [narrow.servers[0]?.url, wide.servers[0]?.url];
  await using stage = await startGrowing({
    more: {
      model_list: urls.map((api_base, index) => ({
        model_name: 'm',
        litellm_params: { model: `ollama_chat/${MODEL}`, api_base, order: index + 1 },
      })),
    },
  });
  for (let turn = 0; turn < 3; turn += 1) {
    const response = await stage.chat(6000);
    assert.equal(response.status, 200, await response.clone().text());
    assert.equal(response.headers.get('x-hxllm-backend'), urls[1]);
    await response.text();
  }
  assert.deepEqual(await narrow.contexts(), [4096]);
  assert.deepEqual(await wide.contexts(), [8192]);
});

test('a client that leaves while the context grows changes nothing for the next', async () => {
  await using stage = await startGrowing({ loadMs: 300 });
  await (await stage.chat(10)).text();
  const leaving = new AbortController();
  const left = stage.gateway
    .chat({ messages: [{ role: 'user', content: words(6000) }] }, { signal: leaving.signal })
    .catch(() => 'left');
  await until('it is loading', () => stage.gateway.service().scheduler.waiting === 1);
  leaving.abort();
  assert.equal(await left, 'left');
  const response = await stage.chat(5000);
  assert.equal(response.status, 200, await response.clone().text());
  await response.text();
  assert.equal(stage.gateway.service().scheduler.inFlight, 0);
});
