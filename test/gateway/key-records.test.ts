import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { apiKeyHash } from '../../src/core/api-key.ts';
import type { RecordChange } from '../../src/gateway/store/key-store.ts';
import { startFake } from './fake-upstream.ts';
import { addressOf, configFolder, MASTER, start } from './main-process.ts';
import { errorOf, startGateway, until, type Running } from './running.ts';
import { keyRecord, otherRecord } from './store/record.ts';

const { write } = await configFolder();
const states: string[] = [];
after(() => {
  for (const state of states) rmSync(state, { recursive: true });
});

function stateFolder(): string {
  const state = mkdtempSync(join(tmpdir(), 'hxllm-state-'));
  states.push(state);
  return state;
}

const fake = await startFake();
after(() => fake.kill());

/** A gateway with the models m and other, and these records in its store. */
async function gatewayWith(state_dir: string, ...records: readonly RecordChange[]): Promise<Running> {
  const model_list = ['m', 'other'].map((model_name) => ({
    model_name,
    litellm_params: { model: 'ollama_chat/m', api_base: fake.url },
  }));
  const hxllm = { state_dir, keys: [{ alias: 'file', hash: apiKeyHash('sk-file') }] };
  const gateway = await startGateway([], { model_list, hxllm });
  await commit(gateway, ...records);
  return gateway;
}

async function commit({ records }: Running, ...changes: readonly RecordChange[]): Promise<void> {
  const opened = await records.open();
  assert.ok(opened.ok);
  const done = await opened.value.commit(changes);
  assert.ok(done.ok, JSON.stringify(done));
  await records.follow();
}

const bearer = (key: string): { readonly headers: Readonly<Record<string, string>> } => ({
  headers: { authorization: `Bearer ${key}` },
});

test('without keys of the API there is no database', async () => {
  const state = stateFolder();
  await using gateway = await startGateway([fake], { hxllm: { state_dir: state } });
  assert.equal((await gateway.chat()).status, 200);
  assert.equal(existsSync(join(state, 'gateway.db')), false);
});

test('keys of the store open the gateway with their models, names and limits; refusals say why', async () => {
  await using gateway = await gatewayWith(
    stateFolder(),
    otherRecord('team', 't', { models: ['m'] }),
    keyRecord('sk-all'),
    keyRecord('sk-m', { models: ['m'], aliases: { mine: 'm', theirs: 'other' }, rpm_limit: 3 }),
    keyRecord('sk-team', { aliases: { m: 'other', both: 'm' } }, { teamId: 't' }),
    keyRecord('sk-ended', {}, { expiresMs: 1000 }),
    keyRecord('sk-blocked-key-of-a-client', {}, { blocked: true }),
    keyRecord('sk-none', { rpm_limit: 0 }),
  );
  const models = async (key: string): Promise<readonly string[]> => {
    const answer = await gateway.ask('/v1/models', bearer(key));
    const { data } = (await answer.json()) as { data: { id: string }[] };
    return data.map(({ id }) => id);
  };
  assert.deepEqual(await models('sk-file'), ['m', 'other']);
  assert.deepEqual(await models('sk-all'), ['m', 'other']);
  assert.deepEqual(await models('sk-m'), ['m', 'mine']);
  assert.deepEqual(await models('sk-team'), ['both'], 'no alias leads around the models of a team');
  const chat = (key: string, model: string): Promise<Response> => gateway.chat({ model }, bearer(key));
  assert.equal((await chat('sk-m', 'mine')).status, 200);
  const hidden = await errorOf(await chat('sk-m', 'theirs'));
  const unknown = await errorOf(await chat('sk-all', 'theirs'));
  assert.deepEqual(hidden, unknown);
  assert.equal((await chat('sk-m', 'm')).status, 200);
  const limited = await chat('sk-m', 'm');
  assert.equal(limited.status, 429);
  assert.match((await errorOf(limited)).message, /^Rate limit reached for the key m: 3 requests per minute/);
  assert.equal((await chat('sk-none', 'm')).status, 429);
  for (const [key, text] of [
    ['sk-ended', /has expired: .*, at 1970-01-01T00:00:01\.000Z/],
    ['sk-blocked-key-of-a-client', /is blocked: sk-\*\*\*ient/],
    ['sk-unknown-key-of-nobody', /^Incorrect API key provided/],
  ] as const) {
    const refused = await gateway.ask('/v1/models', bearer(key));
    assert.equal(refused.status, 401);
    assert.match((await errorOf(refused)).message, text);
  }
});

test('a change holds from the next request on, of a key and of its team', async () => {
  const team = otherRecord('team', 't', { models: ['m'] });
  const key = keyRecord('sk-a', {}, { teamId: 't' });
  await using gateway = await gatewayWith(stateFolder(), team, key);
  const status = async (model: string): Promise<number> => (await gateway.chat({ model }, bearer('sk-a'))).status;
  assert.equal(await status('other'), 404);
  const fields = (models: readonly string[]): string => JSON.stringify({ fields: { models }, notes: {} });
  await commit(gateway, { ...team, document: fields(['other']), expected: 1 });
  assert.deepEqual([await status('other'), await status('m')], [200, 404]);
  await commit(gateway, { ...key, document: fields(['m']), expected: 2 });
  assert.equal(await status('other'), 404);
  await commit(gateway, { ...key, deletedMs: 1, expected: 4 });
  assert.equal(await status('other'), 401);
});

test('allowed routes judge the path that is served', async () => {
  await using gateway = await gatewayWith(
    stateFolder(),
    keyRecord('sk-chat', { allowed_routes: ['/v1/chat/completions'] }),
    keyRecord('sk-lists', { allowed_routes: ['/v1/models/*'] }),
    keyRecord('sk-reads', { key_type: 'read_only' }),
  );
  assert.equal((await gateway.chat({}, bearer('sk-chat'))).status, 200);
  const refused = await gateway.ask('/v1/models', bearer('sk-chat'));
  assert.equal(refused.status, 403);
  assert.match((await errorOf(refused)).message, /not allowed to call \/v1\/models/);
  assert.equal((await gateway.ask('/v1/models/m', bearer('sk-lists'))).status, 200);
  assert.equal((await gateway.chat({}, bearer('sk-reads'))).status, 403);
  const around = ['/v1/models/%2e%2e/chat/completions', '/v1/models/../chat/completions', '/v1/ch%61t/completions'];
  for (const path of around) {
    const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
    const answer = await rawPost(gateway, path, 'sk-lists', body);
    assert.match(answer, /^HTTP\/1\.1 (?:403|404)/, `${path}: ${answer.slice(0, 80)}`);
  }
});

/** Sends a target as it is: fetch would resolve its dots. */
async function rawPost({ port }: Running, path: string, key: string, body: string): Promise<string> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const sent = request({ port, path, method: 'POST', headers: { authorization: `Bearer ${key}` } }, (answer) => {
      answer.resume();
      resolve(`HTTP/1.1 ${String(answer.statusCode)}`);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('an instance finds the database that another one makes later', async () => {
  const state = stateFolder();
  await using one = await gatewayWith(state);
  await using two = await startGateway([fake], { hxllm: { state_dir: state } });
  await commit(one, keyRecord('sk-a'));
  const status = async (): Promise<number> => (await two.ask('/v1/models', bearer('sk-a'))).status;
  await until('the other has the key', async () => (await status()) === 200);
  await commit(one, keyRecord('sk-a', {}, { expected: 1, blocked: true }));
  await until('the other has blocked it', async () => (await status()) === 401);
});

test('a reload keeps the keys of the store', async () => {
  await using gateway = await gatewayWith(stateFolder(), keyRecord('sk-a'));
  assert.ok(await gateway.reload(gateway.service().config));
  assert.equal((await gateway.ask('/v1/models', bearer('sk-a'))).status, 200);
});

test('a damaged database refuses the start with 78, its file and a command; a good one starts without a warning', async () => {
  const state = stateFolder();
  const file = join(state, 'gateway.db');
  const config = await write('state.yaml', { ...MASTER, hxllm: { state_dir: state } });
  await using gateway = await gatewayWith(state, keyRecord('sk-a'));
  const args = ['--config', config, '--host', '127.0.0.1', '--port', '0'];
  const environment = { LITELLM_MASTER_KEY: `sk-${'ab'.repeat(32)}` };
  const good = start(args, environment);
  const url = `http://${await addressOf(good)}`;
  assert.equal((await fetch(`${url}/v1/models`, bearer('sk-a'))).status, 200);
  good.child.kill('SIGTERM');
  assert.equal(await good.code, 0);
  assert.doesNotMatch(good.err, /warning|sqlite/i);
  await gateway.records.close();
  for (const suffix of ['-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  writeFileSync(file, 'damaged'.repeat(1000));
  const damaged = start(args, environment);
  assert.equal(await damaged.code, 78);
  assert.match(damaged.err, new RegExp(`^error: ${file}: the database of keys is damaged \\(state.damaged\\)`, 'm'));
  assert.match(damaged.err, new RegExp(`fix: sudo mv ${file} `));
});
