import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, test, type TestContext } from 'node:test';
import { apiKeyHash, newApiKey } from '../../../src/core/api-key.ts';
import { FileKeyHistory } from '../../../src/gateway/keys/file-key-history.ts';
import { readConfigText } from '../../../src/gateway/process/config-file.ts';
import type { GatewayConfig, KeyConfig } from '../../../src/schema/gateway-config.ts';
import { startAdmin } from '../admin/stage.ts';
import { NOWHERE } from '../fake-upstream.ts';
import { errorOf, KEY, startGateway, until, type Running } from '../running.ts';

const [KEPT, GONE] = ['sk-of-a-key-that-stays', 'sk-of-a-key-that-goes'];
const entry = (alias: string, text: string, more: object = {}): object => ({ alias, hash: apiKeyHash(text), ...more });
const both = [entry('stays', KEPT), entry('goes', GONE, { team: 'sales' })];

const hxllmOf = (state_dir: string | undefined, keys: readonly object[]): object => ({
  keys,
  teams: [{ alias: 'sales' }],
  ...(state_dir === undefined ? {} : { state_dir }),
});

function configOf(state: string | undefined, keys: readonly object[]): GatewayConfig {
  const model_list = [{ model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: NOWHERE[0] } }];
  const text = JSON.stringify({ model_list, general_settings: { master_key: KEY }, hxllm: hxllmOf(state, keys) });
  const { config, errors } = readConfigText(text, 'config.yaml', { environment: {} });
  assert.ok(config !== undefined, JSON.stringify(errors));
  return config;
}

function stateFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-taken-out-'));
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

const refusal = async (gateway: Running, key: string): Promise<string> => {
  const response = await gateway.ask('/v1/models', { headers: { authorization: `Bearer ${key}` } });
  return response.status === 401 ? (await errorOf(response)).message : String(response.status);
};

test('a key that is taken out of the file is blocked, after a restart too, until its line is back', async (context) => {
  const state = stateFolder(context);
  const file = join(state, 'file-keys.json');
  for (const has of [true, false, false, true]) {
    await using gateway = await startGateway([{ url: NOWHERE[0] }], {
      hxllm: hxllmOf(state, has ? both : both.slice(0, 1)),
    });
    assert.equal(await refusal(gateway, KEPT), '200');
    assert.match(await refusal(gateway, GONE), has ? /^200$/ : /^This API key is blocked: sk-\*\*\*goes\.$/);
    await until('the names are kept', () => existsSync(file) && readFileSync(file, 'utf8').includes('goes'));
  }
  assert.doesNotMatch(readFileSync(file, 'utf8'), /sk-/);
});

test('a reload is enough, without a state folder too, and a service that ends in between loses nothing', async () => {
  await using gateway = await startGateway([{ url: NOWHERE[0] }], { hxllm: hxllmOf(undefined, both) });
  for (const [keys, wanted] of [
    [both.slice(0, 1), /blocked/],
    [[], /blocked/],
    [both, /^200$/],
  ] as const) {
    await gateway.reload(configOf(undefined, keys));
    assert.match(await refusal(gateway, GONE), wanted);
  }
});

test('a damaged file of names is a cold start, and the gateway begins all the same', async (context) => {
  const state = stateFolder(context);
  for (const text of ['{', '[]', '{"x":{"alias":"a"}}', `{"${'a'.repeat(64)}":1}`]) {
    writeFileSync(join(state, 'file-keys.json'), text);
    await using gateway = await startGateway([{ url: NOWHERE[0] }], { hxllm: hxllmOf(state, both.slice(0, 1)) });
    assert.match(await refusal(gateway, GONE), /^Incorrect API key/);
    assert.ok(
      gateway.log.some(({ event, found }) => event === 'cold-start' && found === 'damaged'),
      text,
    );
  }
});

test('lists show a key that was taken out, and the API changes it as little as one of the file', async () => {
  const stage = await startAdmin();
  await stage.reload(configOf(stage.state, []));
  const rows = async (): Promise<readonly Record<string, unknown>[]> => {
    const { keys } = await stage.done('/key/list?return_full_object=true');
    return keys as Record<string, unknown>[];
  };
  const [row] = await rows();
  assert.deepEqual(
    [row?.['key_alias'], row?.['blocked'], row?.['team_id'], row?.['source']],
    ['file', true, 'file-team', 'hxllm.keys'],
  );
  for (const path of ['/key/update', '/key/unblock'])
    assert.match(
      await stage.refused(path, { key: 'sk-of-the-file-00' }),
      /^409 key: The key file was taken out of config\.yaml.*put its line back/,
    );
  assert.match(await stage.refused('/key/delete', { key_aliases: ['file'] }), /^(?:404|409)/);
  assert.match(await refusal(stage, 'sk-of-the-file-00'), /blocked/);
  const { left } = await stage.done('/key/import', { keys: [{ token: apiKeyHash('sk-of-the-file-00') }] });
  assert.deepEqual(left, [{ index: 0, reason: 'token: The gateway has this key already.' }]);
  assert.match(await refusal(stage, 'sk-of-the-file-00'), /blocked/);
});

test('a team that is taken out blocks the keys of the API that belong to it: they do not get all models and no limits', async () => {
  const stage = await startAdmin({ teams: [{ alias: 'file-team', models: ['other'], rpm_limit: 1 }] });
  const key = String((await stage.done('/key/generate', { team_id: 'file-team' }))['key']);
  assert.equal(await refusal(stage, key), '200');
  await stage.reload(configOf(stage.state, []));
  assert.match(await refusal(stage, key), /^This API key is blocked: /);
  // Its row is kept, and another team takes it in.
  await stage.done('/key/update', { key, team_id: 'sales' });
  assert.equal(await refusal(stage, key), '200');
});

test('the oldest of 10,000 keys that were taken out is forgotten first, never one of the file', () => {
  const key = (name: string): KeyConfig => ({ alias: name, hash: apiKeyHash(name) }) as KeyConfig; // the rest is not read
  const history = new FileKeyHistory();
  for (let round = 0; round < 12; round += 1)
    history.takenOut([
      key('always'),
      ...Array.from({ length: 1000 }, (_, index) => key(`${String(round)} ${String(index)}`)),
    ]);
  const gone = history.takenOut([key('always')]);
  assert.equal(gone.size, 9999);
  assert.ok(!gone.has(apiKeyHash('0 0')));
  assert.ok(gone.has(apiKeyHash('11 999')));
  assert.ok(!gone.has(apiKeyHash('always')));
});

test('unknown, expired, blocked and taken-out keys are refused with other words, after the same work', async () => {
  const texts = {
    unknown: newApiKey(),
    expired: newApiKey(),
    blocked: newApiKey(),
    gone: newApiKey(),
    team: newApiKey(),
  };
  const keys = [
    entry('expired', texts.expired, { expires: '2020-01-01' }),
    entry('blocked', texts.blocked, { blocked: true }),
    entry('gone', texts.gone),
    entry('team', texts.team, { team: 'sales', blocked: true }),
  ];
  await using gateway = await startGateway([{ url: NOWHERE[0] }], { hxllm: hxllmOf(undefined, keys) });
  await gateway.reload(
    configOf(
      undefined,
      keys.filter((each) => (each as { alias: string }).alias !== 'gone'),
    ),
  );
  const words = new Set<string>();
  const work = new Set<string>();
  for (const text of Object.values(texts)) {
    await refusal(gateway, text);
    const { message, counts } = await counted(() => refusal(gateway, text));
    words.add(message.replace(/sk-\*\*\*[\w-]{4}/, ''));
    work.add(counts);
  }
  assert.equal(words.size, 3, [...words].join('\n'));
  assert.equal(work.size, 1, [...work].join('\n'));
});

/** The hashes, look-ups and dates of one request. */
async function counted(ask: () => Promise<string>): Promise<{ readonly message: string; readonly counts: string }> {
  const { hash } = crypto;
  const get: unknown = Reflect.get(Map.prototype, 'get');
  const toISOString: unknown = Reflect.get(Date.prototype, 'toISOString');
  assert.ok(typeof get === 'function' && typeof toISOString === 'function');
  let [hashes, lookups, dates] = [0, 0, 0];
  mock.method(crypto, 'hash', (...args: Parameters<typeof hash>) => {
    hashes += 1;
    return hash(...args);
  });
  syncBuiltinESMExports();
  mock.method(Map.prototype, 'get', function count(this: Map<unknown, unknown>, key: unknown): unknown {
    // Node's own maps are none of the gateway's.
    if (typeof key === 'string' && (/^[\da-f]{64}$/.test(key) || key === '' || key === 'sales')) lookups += 1;
    return Reflect.apply(get, this, [key]);
  });
  mock.method(Date.prototype, 'toISOString', function count(this: Date): unknown {
    dates += 1;
    return Reflect.apply(toISOString, this, []);
  });
  try {
    const message = await ask();
    return { message, counts: `${String(hashes)} hashes, ${String(lookups)} look-ups, ${String(dates)} dates` };
  } finally {
    mock.restoreAll();
    syncBuiltinESMExports();
  }
}
