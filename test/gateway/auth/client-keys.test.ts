import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { apiKeyHash, newApiKey } from '../../../src/core/api-key.ts';
import { ENDPOINTS } from '../../../src/gateway/api/endpoints.ts';
import { startFake } from '../fake-upstream.ts';
import { errorOf, KEY, startGateway, textOf, until } from '../running.ts';

const [good, late, blocked] = [newApiKey(), newApiKey(), newApiKey()];
const LITELLM = 'sk-ABCDEFGHIJKLMNOPQRSTUV';
const fake = await startFake();
const gateway = await startGateway([fake], {
  hxllm: {
    keys: [
      { alias: 'open webui', hash: apiKeyHash(good) },
      { alias: 'late', hash: apiKeyHash(late), expires: '2026-01-01T00:00:00Z' },
      { alias: 'blocked', hash: apiKeyHash(blocked), blocked: true },
      { alias: 'from litellm', hash: apiKeyHash(LITELLM) },
    ],
  },
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await fake.kill();
});

const bearer = (key: string): { headers: Record<string, string> } => ({ headers: { authorization: `Bearer ${key}` } });
const inHeader = (name: string, key: string): { headers: Record<string, string> } => ({
  headers: { authorization: '', [name]: key },
});

test('a key of a client serves chats and lists in each header that may hold a key, and the log has its alias', async () => {
  for (const init of [
    bearer(good),
    bearer(LITELLM),
    inHeader('x-api-key', good),
    inHeader('api-key', good),
    inHeader('x-litellm-api-key', `Bearer ${good}`),
    { headers: { authorization: 'Bearer sk-of-another-service', 'x-api-key': good } },
  ]) {
    assert.equal(await textOf(await gateway.chat({}, init)), 'hello');
    assert.equal((await gateway.ask('/v1/models', init)).status, 200);
  }
  await until('all are logged', () => gateway.ended().length === 12);
  const callers = gateway.ended().map(({ caller }) => caller);
  assert.deepEqual(new Set(callers), new Set(['open webui', 'from litellm']));
  assert.equal(callers.filter((caller) => caller === 'from litellm').length, 2);
});

test('an unknown, an expired and a blocked key are 401 in every dialect, each with its reason and without the key', async () => {
  const unknown = newApiKey();
  const damaged = unknown.slice(0, -1);
  for (const path of ENDPOINTS.flatMap(({ paths }) => paths)) {
    for (const [key, reason] of [
      [unknown, /Incorrect API key provided: sk-\*\*\*.{4}\.$/],
      [damaged, /Incorrect API key provided: .*mistyped or cut off\.$/],
      [late, /This API key has expired: .*, at 2026-01-01T00:00:00\.000Z\.$/],
      [blocked, /This API key is blocked: /],
    ] as const) {
      const response = await gateway.ask(path.replace(':model{.+}', 'm'), {
        ...bearer(key),
        method: 'POST',
        body: '{}',
      });
      assert.equal(response.status, 401, path);
      assert.equal(response.headers.get('www-authenticate'), 'Bearer');
      const text = await response.text();
      assert.ok(!text.includes(key.slice(4, -4)), path);
      const { error } = JSON.parse(text) as { error: string | { message: string } };
      assert.match(typeof error === 'string' ? error : error.message, reason, path);
    }
  }
  const refused = await errorOf(await gateway.chat({}, bearer(late)));
  assert.partialDeepStrictEqual(refused, { type: 'invalid_request_error', code: 'invalid_api_key' });
});

test('of several keys a right one counts, and a refusal tells about the known one', async () => {
  const both = (first: string, second: string): { headers: Record<string, string> } => ({
    headers: { authorization: `Bearer ${first}`, 'x-api-key': second },
  });
  assert.equal((await gateway.chat({}, both(late, good))).status, 200);
  assert.equal((await gateway.chat({}, both(blocked, KEY))).status, 200);
  const { message } = await errorOf(await gateway.chat({}, both('sk-of-another-service', blocked)));
  assert.match(message, /is blocked/);
});

test('the fleet, its health and the metrics need the master key', async () => {
  for (const path of ['/health', '/fleet', '/metrics']) {
    const response = await gateway.ask(path, bearer(good));
    const { code, message } = await errorOf(response);
    assert.deepEqual([response.status, code], [403, 'master_key_required'], path);
    assert.ok(message.includes(path));
    assert.equal((await gateway.ask(path)).status, 200, path);
    assert.equal((await gateway.ask(path, bearer(late))).status, 401, path);
  }
  for (const path of ['/v1/models/m', '/model/info', '/model_group/info', '/api/tags', '/api/ps', '/api/version'])
    assert.equal((await gateway.ask(path, bearer(good))).status, 200, path);
});

test('no key is in the log', () => {
  const log = JSON.stringify(gateway.log);
  for (const key of [good, late, blocked, LITELLM])
    assert.ok(!log.includes(key.slice(4)) && !log.includes(apiKeyHash(key)));
});
