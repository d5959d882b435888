import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { startSim, type Sim } from '../../../src/sim/server.ts';
import { post, errorOf } from '../api/ollama/client.ts';
import { startFake, type FakeUpstream } from '../fake-upstream.ts';
import { startGateway, until, type Running } from '../running.ts';

const LLAMA = 'llama3:8b-instruct-q8_0';

let newer: Sim;
let older: Sim;
let foreign: FakeUpstream;
let gateway: Running;

before(async () => {
  newer = await startSim({ version: '0.22.1' });
  older = await startSim({ version: '0.9.6', models: [LLAMA] });
  foreign = await startFake(
    (_got, outgoing) => void outgoing.end('{"object":"list","data":[{"id":"served","max_model_len":32768}]}'),
  );
  gateway = await startGateway([], {
    model_list: [
      // The first backend does not have the model.
      { model_name: 'embed', litellm_params: { model: 'ollama/nomic-embed-text', api_base: older.url } },
      { model_name: 'embed', litellm_params: { model: 'ollama/nomic-embed-text', api_base: newer.url } },
      {
        model_name: 'chat',
        litellm_params: { model: `ollama_chat/${LLAMA}`, api_base: newer.url, num_ctx: 4096, temperature: 0.2 },
      },
      {
        model_name: 'chat',
        litellm_params: { model: `ollama_chat/${LLAMA}`, api_base: older.url, num_ctx: 4096, temperature: 0.2 },
      },
      { model_name: 'other', litellm_params: { model: 'openai/served', api_base: `${foreign.url}/v1` } },
    ],
    router_settings: { model_group_alias: { 'gpt-4': 'chat' } },
  });
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all([newer.close(), older.close(), foreign.kill()]);
});

async function models(path: string): Promise<readonly Record<string, unknown>[]> {
  return ((await (await gateway.ask(path)).json()) as { models: Record<string, unknown>[] }).models;
}

test("every alias is listed as a model, with its server's properties and every field that clients rely on", async () => {
  const tags = await models('/api/tags');
  assert.deepEqual(
    tags.map(({ name, model }) => [name, model]),
    ['embed', 'chat', 'other', 'gpt-4'].map((alias) => [alias, alias]),
  );
  for (const tag of tags) {
    assert.deepEqual(Object.keys(tag), ['name', 'model', 'modified_at', 'size', 'digest', 'details']);
    assert.deepEqual(Object.keys(tag['details'] as object).toSorted(), [
      'families',
      'family',
      'format',
      'parameter_size',
      'parent_model',
      'quantization_level',
    ]);
    assert.ok(!Number.isNaN(Date.parse(String(tag['modified_at']))) && /^[0-9a-f]{64}$/.test(String(tag['digest'])));
  }
  const own = ((await (await fetch(`${newer.url}/api/tags`)).json()) as { models: Record<string, unknown>[] }).models;
  const [embed] = tags;
  assert.partialDeepStrictEqual(
    own.find(({ name }) => name === 'nomic-embed-text:latest'),
    { size: embed?.['size'], digest: embed?.['digest'] },
  );
});

test('/api/show describes a model by its alias: its name, its context and its fixed options', async () => {
  const response = await post(gateway, '/api/show', { model: '', name: 'gpt-4:latest' });
  assert.equal(response.headers.get('x-hxllm-backend'), newer.url);
  const shown = (await response.json()) as {
    modelfile: string;
    parameters: string;
    model_info: Record<string, unknown>;
    capabilities: readonly string[];
    details: { parent_model: string };
  };
  assert.equal(shown.model_info['llama.context_length'], 4096);
  assert.match(shown.parameters, /^num_ctx +4096$/m);
  assert.match(shown.parameters, /^temperature +0\.2$/m);
  assert.match(shown.modelfile, /^FROM gpt-4$/m);
  // No path of the server is shown.
  assert.doesNotMatch(JSON.stringify(shown), /blobs/);
  assert.ok(shown.capabilities.includes('completion'));
});

test('/api/show of a server other than Ollama shows the properties that the server has', async () => {
  const shown = (await (await post(gateway, '/api/show', { model: 'other' })).json()) as object;
  assert.partialDeepStrictEqual(shown, {
    capabilities: ['completion'],
    model_info: { 'unknown.context_length': 32_768 },
    modelfile: 'FROM other\n',
  });
});

test('/api/show rejects an unknown model and an empty name', async () => {
  assert.deepEqual(await errorOf(await post(gateway, '/api/show', { model: 'nope' })), [404, "model 'nope' not found"]);
  assert.deepEqual(await errorOf(await post(gateway, '/api/show', {})), [400, 'model is required']);
  assert.equal((await errorOf(await gateway.ask('/api/show', { method: 'POST', body: '{' })))[0], 400);
});

test('/api/ps lists the models in memory under their aliases', async () => {
  await post(gateway, '/api/chat', { model: 'chat', messages: [{ role: 'user', content: 'hi' }], stream: false });
  const loaded = await models('/api/ps');
  assert.deepEqual(
    loaded.map(({ name, context_length }) => [name, context_length]),
    [
      ['chat', 4096],
      ['gpt-4', 4096],
    ],
  );
});

test('/api/version is the lowest version of the servers', async () => {
  assert.deepEqual(await (await gateway.ask('/api/version')).json(), { version: '0.9.6' });
});

test('/ needs no key, and says nothing but that Ollama runs', async () => {
  for (const method of ['GET', 'HEAD']) {
    const response = await fetch(`${gateway.url}/`, { method });
    assert.deepEqual(
      [response.status, await response.text(), response.headers.get('content-length')],
      [200, method === 'GET' ? 'Ollama is running' : '', '17'],
    );
  }
  assert.equal((await fetch(`${gateway.url}/api/version`)).status, 401);
});

test('requests that would change a server are rejected, and no server gets them', async () => {
  const rows = [
    ['POST', '/api/pull'],
    ['POST', '/api/push'],
    ['POST', '/api/create'],
    ['POST', '/api/copy'],
    ['DELETE', '/api/delete'],
    ['POST', '/api/blobs/sha256:0'],
  ] as const;
  for (const [method, path] of rows) {
    const [status, error] = await errorOf(await gateway.ask(path, { method, body: '{"model":"chat"}' }));
    assert.deepEqual([status, error.includes('managed on the servers')], [403, true], path);
    assert.equal((await fetch(`${gateway.url}${path}`, { method })).status, 401);
    assert.equal(newer.requests(path) + older.requests(path), 0);
    assert.equal((await gateway.ask(path, { method: 'OPTIONS' })).status, 204);
  }
});

test('servers that are down are not asked, and their models are still listed', async (t) => {
  // The server breaks requests off, and does not answer probes.
  const queries: string[] = [];
  const silent = createServer((incoming, outgoing) => {
    if (incoming.method === 'POST') outgoing.destroy();
    else queries.push(incoming.url ?? '');
  }).listen(0, '127.0.0.1');
  t.after(() => {
    silent.close();
    silent.closeAllConnections();
  });
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo; // a TCP server has this type of address
  await using own = await startGateway([{ url: `http://127.0.0.1:${String(port)}` }]);
  await post(own, '/api/chat', { model: 'm', messages: [{ role: 'user', content: 'hi' }] });
  await until('the backend is down', () => own.log.some(({ event }) => event === 'backend-down'));
  const { models: tags } = (await (await own.ask('/api/tags')).json()) as { models: readonly object[] };
  assert.partialDeepStrictEqual(tags, [{ name: 'm', size: 0, details: { families: [] } }]);
  assert.deepEqual(await (await own.ask('/api/version')).json(), { version: '0.22.1' });
  assert.deepEqual(
    queries.filter((path) => path === '/api/tags'),
    [],
    'a request to it would wait 2 s',
  );
});
