import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { reload } from '../../../src/gateway/process/reload.ts';
import { startFake } from '../fake-upstream.ts';
import { KEY, startGateway, until, type Running } from '../running.ts';

const folder = await mkdtemp(join(tmpdir(), 'hxllm-series-'));
after(() => rm(folder, { recursive: true }));
// The thread that reads the file keeps no process alive.
const alive = setInterval(() => {}, 1000);
after(() => {
  clearInterval(alive);
});

async function reloadWith(
  gateway: Running,
  entries: readonly (readonly [alias: string, url: string])[],
): Promise<void> {
  const file = join(folder, 'config.yaml');
  const model_list = entries.map(([model_name, api_base]) => ({
    model_name,
    litellm_params: { model: `ollama_chat/of-${model_name}`, api_base },
  }));
  await writeFile(file, JSON.stringify({ model_list, general_settings: { master_key: KEY } }));
  const done = await reload({
    file,
    environment: {},
    gateway,
    addresses: [],
    wouldMove: () => false,
    stateDir: undefined,
    log: () => {},
    tell: () => {},
  });
  assert.ok(done);
}

test('after a reload no metric has an alias, a server or a model that the file has no more, and the others go on', async () => {
  await using first = await startFake();
  await using second = await startFake();
  await using gateway = await startGateway([first]);
  await reloadWith(gateway, [
    ['old', first.url],
    ['kept', second.url],
  ]);
  const ask = async (model: string): Promise<void> => {
    const before = gateway.ended().length;
    assert.equal((await gateway.chat({ model })).status, 200);
    await until('its line is written', () => gateway.ended().length > before);
  };
  for (const model of ['old', 'kept', 'kept']) await ask(model);
  const text = async (): Promise<string> => await (await gateway.ask('/metrics')).text();
  const before = await text();
  assert.match(before, /^hxllm_requests_total\{model="old",/m);
  assert.match(before, /^hxllm_routes_total\{model="old",/m);
  await reloadWith(gateway, [
    ['new', second.url],
    ['kept', second.url],
  ]);
  const after_ = await text();
  assert.doesNotMatch(after_, new RegExp(`"(?:old|of-old|${first.url})"`));
  assert.match(after_, /^hxllm_requests_total\{model="kept",.*\} 2$/m);
  await ask('kept');
  assert.match(await text(), /^hxllm_requests_total\{model="kept",.*\} 3$/m);
});

test('the requests of an alias are forgotten with it, and kept in mind while one still waits', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  await reloadWith(gateway, [
    ['a', fake.url],
    ['b', fake.url],
  ]);
  const { fleet } = gateway.service().scheduler;
  for (const model of ['a', 'b']) assert.equal((await gateway.chat({ model })).status, 200);
  const names = (): readonly string[] => [...fleet.demands.keys()].toSorted();
  assert.deepEqual(names(), ['a', 'b']);
  const letGo = fake.holdLoads();
  const waiting = gateway.chat({ model: 'b' });
  await until('it waits', () => [...fleet.queues.values()].some(({ name }) => name === 'b'));
  await reloadWith(gateway, [['c', fake.url]]);
  assert.deepEqual(names(), ['b']);
  letGo();
  await (await waiting).text();
  await reloadWith(gateway, [['c', fake.url]]);
  assert.deepEqual(names(), []);
  assert.deepEqual(
    [...fleet.replicas.values()].flatMap(({ demands }) => demands),
    [],
  );
});
