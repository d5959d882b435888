import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { routeRuleOf } from '../../../src/gateway/keys/allowed-routes.ts';
import { KeyRing } from '../../../src/gateway/keys/key-ring.ts';
import { StoredKeys } from '../../../src/gateway/keys/stored-keys.ts';
import type { StoredRecord } from '../../../src/gateway/store/key-store.ts';
import { workingMsOf } from '../../working-time.ts';
import { keyRecord, otherRecord } from '../store/record.ts';

const stored = (record: ReturnType<typeof keyRecord>): StoredRecord => ({ ...record, revision: 1 });

function ringOf(...records: readonly ReturnType<typeof keyRecord>[]): {
  readonly keys: StoredKeys;
  readonly ring: KeyRing;
} {
  const keys = new StoredKeys();
  for (const record of records) keys.apply(record.kind, [stored(record)]);
  return { keys, ring: new KeyRing([], [], keys) };
}

test('a key of the store is judged by its clock, its team and its user', () => {
  const { ring } = ringOf(
    otherRecord('team', 'sales', {}, { blocked: true }),
    otherRecord('user', 'eve', {}, { blocked: true }),
    keyRecord('sk-good'),
    keyRecord('sk-ends', {}, { expiresMs: 1000 }),
    keyRecord('sk-blocked', {}, { blocked: true }),
    keyRecord('sk-team', {}, { teamId: 'sales' }),
    keyRecord('sk-user', {}, { userId: 'eve' }),
    keyRecord('sk-unknown-team', {}, { teamId: 'none' }),
    keyRecord('sk-unknown-user', {}, { userId: 'none' }),
  );
  const stateAt = (text: string, nowMs: number): string => ring.judge(text, nowMs).state;
  assert.equal(stateAt('sk-good', 5000), 'valid');
  assert.deepEqual([stateAt('sk-ends', 999), stateAt('sk-ends', 1000)], ['valid', 'expired']);
  for (const text of ['sk-blocked', 'sk-team', 'sk-user', 'sk-unknown-team'])
    assert.equal(stateAt(text, 0), 'blocked', text);
  assert.equal(stateAt('sk-unknown-user', 0), 'valid', 'users need not be made first');
  for (const text of ['', 'sk-goo', apiKeyHash('sk-good')]) assert.equal(stateAt(text, 0), 'unknown', text);
});

test('two texts work until the grace ends, whatever changes meanwhile', () => {
  const rotated = keyRecord('sk-new', {}, { id: 'k', former: [{ hash: apiKeyHash('sk-old'), untilMs: 100 }] });
  const { keys } = ringOf(rotated);
  const found = (text: string, nowMs: number): boolean => keys.get(apiKeyHash(text), nowMs) !== undefined;
  assert.deepEqual([found('sk-new', 99), found('sk-old', 99), found('sk-old', 100)], [true, true, false]);
  keys.apply('key', [stored({ ...rotated, blocked: true })]);
  assert.equal(keys.get(apiKeyHash('sk-old'), 99)?.blocked, true);
  keys.apply('key', [stored({ ...rotated, hash: apiKeyHash('sk-newer'), former: [] })]);
  assert.deepEqual([found('sk-new', 0), found('sk-old', 0), found('sk-newer', 0)], [false, false, true]);
  keys.apply('key', [stored({ ...rotated, deletedMs: 1 })]);
  assert.deepEqual([found('sk-newer', 0), keys.size], [false, 0]);
});

test('limits belong to the id of a key, its team and its user, whatever their names', () => {
  const { ring } = ringOf(
    otherRecord('team', 't1', { rpm_limit: 5 }, { alias: 'sales' }),
    otherRecord('user', 'u1', { max_parallel_requests: 2 }, { alias: 'eve@x' }),
    keyRecord('sk-a', { rpm_limit: 1 }, { id: 'k1', teamId: 't1', userId: 'u1' }),
  );
  const verdict = ring.judge('sk-a', 0);
  assert.ok(verdict.state === 'valid');
  assert.deepEqual(
    ring.ownersOf(verdict.key).owners.map(({ id, alias }) => `${id} ${alias}`),
    ['key k1 a', 'team t1 sales', 'user u1 eve@x'],
  );
});

test('a path must be allowed by the type of a key and by its list', () => {
  const allowed = (type: string, list: readonly string[], ...paths: readonly string[]): readonly string[] => {
    const rule = routeRuleOf(type, list);
    return paths.filter((path) => rule.allows(path));
  };
  const paths = ['/v1/chat/completions', '/v1/messages', '/api/chat', '/v1/models', '/model/info', '/key/list'];
  assert.deepEqual(allowed('default', [], ...paths), paths);
  assert.deepEqual(allowed('llm_api', [], ...paths), paths.slice(0, 5));
  assert.deepEqual(allowed('read_only', [], ...paths), paths.slice(3, 5));
  assert.deepEqual(allowed('management', [], ...paths), []);
  assert.deepEqual(allowed('default', ['openai_routes'], ...paths), [paths[0], ...paths.slice(3, 5)]);
  assert.deepEqual(allowed('default', ['anthropic_routes', '/api/*'], ...paths), [paths[1], paths[2]]);
  assert.deepEqual(allowed('llm_api', ['/v1/m*'], ...paths), [paths[1], paths[3]]);
  assert.deepEqual(allowed('default', ['/v1.chat/completions'], ...paths), [], 'a dot is a dot');
  const roleOf = (type: string, ...list: readonly string[]): string => routeRuleOf(type, list).role;
  assert.deepEqual(
    ['default', 'llm_api', 'read_only', 'management'].map((type) => roleOf(type)),
    ['none', 'none', 'read', 'write'],
  );
  assert.deepEqual([roleOf('default', 'management_routes'), roleOf('default', '/key/generate')], ['write', 'none']);
  assert.equal(roleOf('llm_api', 'management_routes'), 'none', 'a list never widens a type');
});

test('100,000 keys of the store take at most 150 MB and are found in microseconds', { timeout: 120_000 }, async () => {
  const keys = new StoredKeys();
  for (let index = 0; index < 500; index += 1) keys.apply('team', [stored(otherRecord('team', `t${String(index)}`))]);
  const before = process.memoryUsage().heapUsed;
  for (let from = 0; from < 100_000; from += 500) {
    const records = Array.from({ length: 500 }, (_, index) => {
      const name = `${String(from + index)}-of-a-team`;
      const fields = { key_alias: name, models: ['phi3', 'llama3'], rpm_limit: 60, tags: ['a'], metadata: { name } };
      // Texts of their own, as a message of the thread has them.
      return structuredClone(stored(keyRecord(`sk-${name}`, fields, { teamId: `t${String(index)}` })));
    });
    keys.apply('key', records);
  }
  // Garbage counts too: the limit is for what a gateway may come to have.
  const heapMB = (process.memoryUsage().heapUsed - before) / 1e6;
  assert.ok(heapMB < 150, `${String(heapMB)} MB`);
  const ring = new KeyRing([], [], keys);
  let valid = 0;
  const ms = await workingMsOf(() => {
    for (let index = 50_000; index < 150_000; index += 1)
      if (ring.judge(`sk-${String(index)}-of-a-team`, 0).state === 'valid') valid += 1;
  });
  assert.equal(valid, 50_000);
  // 0.1 s at rest, 1 µs each.
  assert.ok(ms < 500, `${String(ms)} ms`);
});
