import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sha256 } from '../../../src/core/hash.ts';
import { loadConfigFile } from '../../../src/gateway/process/config-file.ts';
import { reloadConfigFile } from '../../../src/gateway/process/config-thread.ts';
import { reload } from '../../../src/gateway/process/reload.ts';
import { longestTurnOf } from '../../longest-turn.ts';
import { startFake } from '../fake-upstream.ts';
import { addressOf, start } from '../main-process.ts';
import { KEY, startGateway, textOf, until } from '../running.ts';

const folder = await mkdtemp(join(tmpdir(), 'hxllm-thread-'));
after(() => rm(folder, { recursive: true }));
// The thread alone keeps no process alive.
const alive = setInterval(() => {}, 1000);
after(() => {
  clearInterval(alive);
});

async function fileWith(text: string): Promise<string> {
  const file = join(folder, 'config.yaml');
  await writeFile(file, text);
  return file;
}

const RICH = `environment_variables: {FROM_FILE: "http://127.0.0.1:3"}
model_list:
${Array.from({ length: 2500 }, (_, index) => `  - {model_name: a${String(index % 1100)}, litellm_params: {model: ollama_chat/m, api_base: "http://127.0.0.1:${String(1024 + (index % 7))}", api_key: key-${String(index % 7)}, num_ctx: 4096, weight: ${String(index)}}, model_info: {id: i${String(index)}, base_model: [1, {a: null}]}}`).join('\n')}
  - {model_name: "w/*", litellm_params: {model: "ollama_chat/*", api_base: os.environ/FROM_FILE}}
  - {model_name: "one-*", litellm_params: {model: ollama_chat/m, api_base: "http://127.0.0.1:4", tpm: 5}}
  - {model_name: bad, litellm_params: {model: ollama_chat/m, api_base: os.environ/NOT_SET}}
  - {model_name: typo, litellm_params: {model: ollama_chat/m, api_bas: "http://127.0.0.1:5"}}
router_settings:
  model_group_alias: {alias: a1, hidden: {model: a2, hidden: true}}
  fallbacks: [{a1: [a2, a3]}, {"*": [w/x]}]
  stream_timeout: 5
general_settings: {master_key: ${KEY}}
hxllm: {origins: ["https://chat.example"], keys: [${Array.from({ length: 1500 }, (_, index) => `{alias: k${String(index)}, hash: "${sha256(String(index))}", expires: 2027-01-01}`).join(', ')}], backends: {"http://127.0.0.1:1024": {num_parallel: 3}}}
`;

test('a reading in a thread gives what a reading at the start gives, with its keys, warnings and shared deployments', async () => {
  const file = await fileWith(RICH);
  const reading = { environment: { HOME: '/root' } };
  const [here, there] = [await loadConfigFile(file, reading), await reloadConfigFile(file, reading)];
  assert.ok(here.config !== undefined && there.config !== undefined);
  assert.deepEqual(there, here);
  assert.ok(there.warnings.length >= 2);
  assert.equal(there.config.keys.length, 1500);
  const keysOf = ({ config }: typeof here): readonly unknown[] => [
    config?.masterKey.state === 'set' && config.masterKey.key.reveal(),
    ...(config?.backends ?? []).map(({ apiKey }) => apiKey?.reveal()),
    ...(config?.groups ?? []).flatMap(({ deployments }) => deployments.map(({ apiKey }) => apiKey?.reveal())),
  ];
  assert.deepEqual(keysOf(there), keysOf(here));
  assert.ok(keysOf(here).includes('key-6'));
  const fixed = there.config.wildcards.find(({ pattern }) => pattern === 'one-*')?.fixed[0];
  assert.ok(fixed !== undefined);
  assert.equal(there.config.groups.find(({ name }) => name === 'one-*')?.deployments[0], fixed);
});

test('a reading in a thread reports the problems of a reading at the start', async () => {
  for (const text of ['x: &a [*a]', 'model_list: [', 'model_list: 3', `include: [nothing.yaml]`, '']) {
    const file = await fileWith(text);
    const there = await reloadConfigFile(file, { environment: {} });
    assert.ok(there.errors.length > 0, text);
    assert.deepEqual(there, await loadConfigFile(file, { environment: {} }), text);
  }
});

test('aliases that stand for more values than fit into memory refuse the reload, and the process goes on', async () => {
  const times = (count: number, text: string): string => `[${Array.from({ length: count }, () => text).join(',')}]`;
  const file = await fileWith(
    `a: &a ${times(1000, 'word')}\nb: &b ${times(300, '*a')}\nc: ${times(300, '*b')}\nmodel_list: []\n`,
  );
  const { config, errors } = await reloadConfigFile(file, { environment: {} }, 64);
  assert.equal(config, undefined);
  assert.deepEqual(
    errors.map(({ code, where }) => [code, where?.file]),
    [['config.too-large', file]],
  );
});

test('a reload with 8,000 deployments leaves the event loop to requests: no turn of it takes 100 ms of CPU time', async () => {
  const textOfFile = (context: number): string =>
    `general_settings: {master_key: ${KEY}}\nmodel_list:\n${Array.from(
      { length: 8000 },
      (_, index) =>
        `  - model_name: a${String(index)}\n    litellm_params:\n      model: ollama_chat/m${String(index)}\n      api_base: http://127.0.0.1:${String(20_000 + (index % 20))}\n      num_ctx: ${String(context)}\n`,
    ).join('')}`;
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const longest: number[] = [];
  for (let round = 1; round <= 2; round += 1) {
    const file = await fileWith(textOfFile(round * 1024));
    let done = false;
    const longestMs = await longestTurnOf(async () => {
      done = await reload({
        file,
        environment: {},
        gateway,
        addresses: [],
        wouldMove: () => false,
        stateDir: undefined,
        log: () => {},
        tell: () => {},
      });
    });
    assert.equal(done, true);
    assert.equal(gateway.service().config.groups.length, 8000);
    longest.push(longestMs);
  }
  // The reading alone takes a second.
  assert.ok(Math.min(...longest) < 100, `${longest.join(', ')} ms`);
});

test('a stop during a reload does not wait for it', async () => {
  const file = await fileWith(RICH);
  const run = start(['--config', file, '--port', '0']);
  await addressOf(run);
  run.child.kill('SIGHUP');
  run.child.kill('SIGTERM');
  assert.equal(await run.code, 0, run.err);
  assert.match(run.out, /"stopped"/);
  assert.doesNotMatch(run.out, /"reloaded"[^]*"reloaded"|bug\./);
});

test('a reload that ends after the stop changes nothing', async () => {
  await using fake = await startFake();
  const gateway = await startGateway([fake]);
  const { config } = await loadConfigFile(await fileWith(RICH), { environment: {} });
  assert.ok(config !== undefined);
  const before = gateway.service();
  const replaced = gateway.reload(config);
  await gateway.stop(0, new AbortController().signal);
  assert.equal(await replaced, false);
  assert.equal(gateway.service(), before);
});

test('reloads that begin at the same time take effect one after the other, and requests meanwhile are served', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const { config } = gateway.service();
  const named = (name: string): typeof config => ({
    ...config,
    groups: config.groups.map((group) => ({ ...group, name })),
  });
  const reloads = ['x', 'y', 'z'].map((name) => gateway.reload(named(name)));
  assert.equal(await textOf(await gateway.chat()), 'hello');
  assert.deepEqual(await Promise.all(reloads), [true, true, true]);
  assert.deepEqual([...gateway.service().models.keys()].slice(0, 1), ['z']);
  await until('the others are gone', () => gateway.service().scheduler.fleet.deployments.size === 1);
});
