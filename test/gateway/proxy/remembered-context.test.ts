import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readConfigText } from '../../../src/gateway/process/config-file.ts';
import { startSim } from '../../../src/sim/server.ts';
import { KEY, startGateway, until, type Running } from '../running.ts';
import { MODEL, words } from './grown-context-stage.ts';

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-state-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const configOf = (url: string, hxllm: object, params: object = {}): object => ({
  model_list: [{ model_name: 'm', litellm_params: { model: `ollama_chat/${MODEL}`, api_base: url, ...params } }],
  general_settings: { master_key: KEY },
  hxllm,
});

async function chat(gateway: Running, tokens: number): Promise<readonly [number, string | null]> {
  const response = await gateway.chat({ messages: [{ role: 'user', content: words(tokens) }], max_tokens: 4 });
  await response.text();
  return [response.status, response.headers.get('x-hxllm-context')];
}

const GROWN = [200, '8192 (grown from 4096)'] as const;

test('a restarted gateway knows the context that has grown: its first load has it', async (t) => {
  const state_dir = await folderFor(t);
  await using sim = await startServer();
  {
    await using gateway = await startGateway([], configOf(sim.url, { state_dir }));
    assert.partialDeepStrictEqual(gateway.log, [{ event: 'cold-start', found: 'missing' }]);
    assert.deepEqual(await chat(gateway, 6000), GROWN);
  }
  await fetch(`${sim.url}/api/generate`, { method: 'POST', body: JSON.stringify({ model: MODEL, keep_alive: 0 }) });
  const generated = sim.requests('/api/generate');
  await using gateway = await startGateway([], configOf(sim.url, { state_dir }));
  assert.deepEqual(await chat(gateway, 10), GROWN);
  assert.deepEqual(await chat(gateway, 6000), GROWN);
  assert.equal(sim.requests('/api/generate'), generated + 1, 'one load');
  assert.equal(
    gateway.log.some(({ event }) => event === 'cold-start' || event === 'context-grown'),
    false,
  );
});

test('a restarted gateway knows what did not fit into the memory of the server', async (t) => {
  const state_dir = await folderFor(t);
  await using sim = await startServer(9000);
  for (const turn of [1, 2]) {
    await using gateway = await startGateway([], configOf(sim.url, { state_dir }));
    assert.equal((await chat(gateway, 6000))[0], 400);
    assert.equal(gateway.log.filter(({ event }) => event === 'context-not-grown').length, turn === 1 ? 1 : 0);
  }
});

test('a damaged file is a cold start, and is replaced by the next growth', async (t) => {
  const state_dir = await folderFor(t);
  await using sim = await startServer();
  await writeFile(join(state_dir, 'contexts.json'), '{"contexts":[{"backend":"x"');
  {
    await using gateway = await startGateway([], configOf(sim.url, { state_dir }));
    assert.partialDeepStrictEqual(gateway.log, [{ event: 'cold-start', found: 'damaged' }]);
    assert.deepEqual(await chat(gateway, 6000), GROWN);
  }
  const { contexts } = JSON.parse(await readFile(join(state_dir, 'contexts.json'), 'utf8')) as { contexts: object[] };
  assert.partialDeepStrictEqual(contexts, [{ backend: sim.url, model: MODEL, from: 4096, context: 8192 }]);
});

test('a reload keeps it; a num_ctx of the entry, or fixed contexts, take it back', async () => {
  await using sim = await startServer();
  await using gateway = await startGateway([], configOf(sim.url, {}));
  const reload = async (hxllm: object, params: object = {}): Promise<void> => {
    const { config } = readConfigText(JSON.stringify(configOf(sim.url, hxllm, params)), 'c', { environment: {} });
    assert.ok(config !== undefined);
    assert.equal(await gateway.reload(config), true);
  };
  assert.deepEqual(await chat(gateway, 6000), GROWN);
  await reload({ max_queue: 7 });
  assert.deepEqual(await chat(gateway, 6000), GROWN);
  await reload({}, { num_ctx: 2048 });
  assert.deepEqual(await chat(gateway, 10), [200, null]);
  await reload({ context: 'fixed' });
  assert.deepEqual(await chat(gateway, 10), [200, null]);
  assert.equal((await chat(gateway, 6000))[0], 400);
  await reload({});
  assert.deepEqual(await chat(gateway, 10), GROWN);
});

test('a remembered context is forgotten once the Modelfile states one', async (t) => {
  const state_dir = await folderFor(t);
  await using sim = await startServer(20_000, 4096);
  const record = { backend: sim.url, model: MODEL, from: 4096, context: 8192 };
  await writeFile(join(state_dir, 'contexts.json'), JSON.stringify({ contexts: [record] }));
  await using gateway = await startGateway([], configOf(sim.url, { state_dir }));
  await until('it has been asked for', () => gateway.service().growth.records.length === 0);
  assert.deepEqual(await chat(gateway, 10), [200, null]);
});

async function startServer(
  vramMiB = 20_000,
  numCtx?: number,
): Promise<Awaited<ReturnType<typeof startSim>> & AsyncDisposable> {
  const model = numCtx === undefined ? MODEL : { name: MODEL, numCtx };
  const sim = await startSim({ models: [model], loadMs: 20, tokenMs: 0.1, prefillMsPerToken: 0.001, vramMiB });
  return Object.assign(sim, { [Symbol.asyncDispose]: () => sim.close() });
}

test('after a restart the other server follows as before it, without a long prompt', async (t) => {
  const state_dir = await folderFor(t);
  await using first = await startServer();
  await using second = await startServer();
  const record = { backend: first.url, model: MODEL, from: 4096, context: 8192 };
  await writeFile(join(state_dir, 'contexts.json'), JSON.stringify({ contexts: [record] }));
  const entry = (api_base: string): object => ({
    model_name: 'm',
    litellm_params: { model: `ollama_chat/${MODEL}`, api_base },
  });
  const model_list = [entry(first.url), entry(second.url)];
  await using gateway = await startGateway([], { model_list, hxllm: { state_dir } });
  const pinned = { headers: { 'x-hxllm-backend': second.url } };
  const short = async (): Promise<string | null> => {
    const response = await gateway.chat({ messages: [{ role: 'user', content: 'hi' }], max_tokens: 4 }, pinned);
    await response.text();
    return response.headers.get('x-hxllm-context');
  };
  assert.equal(await short(), null, 'its own context is not known before its first load');
  await until('it has grown', () => gateway.log.some(({ event }) => event === 'context-grown'));
  assert.equal(await short(), '8192 (grown from 4096)');
});
