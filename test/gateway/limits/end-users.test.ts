import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { apiKeyHash, newApiKey } from '../../../src/core/api-key.ts';
import type { LimitOwner } from '../../../src/gateway/keys/limit-owner.ts';
import { Limiter } from '../../../src/gateway/limits/limiter.ts';
import { MOST_END_USERS } from '../../../src/gateway/limits/owner-uses.ts';
import { startFake } from '../fake-upstream.ts';
import { errorOf, startGateway, until } from '../running.ts';

const keys = { shared: newApiKey(), other: newApiKey(), trusting: newApiKey() };
type Name = keyof typeof keys;
const fake = await startFake();
const gateway = await startGateway([fake], {
  general_settings: {
    master_key: 'sk-0123456789abcdef',
    user_header_mappings: [{ header_name: 'X-Forwarded-Email', litellm_user_role: 'customer' }],
  },
  hxllm: {
    end_user_limits: { rpm_limit: 2 },
    keys: Object.entries(keys).map(([alias, key]) => ({
      alias,
      hash: apiKeyHash(key),
      trust_user_headers: alias === 'trusting',
      rpm_limit: 100,
    })),
  },
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await fake.kill();
});

const chat = (name: Name, user: string | undefined, headers: Record<string, string> = {}): Promise<Response> =>
  gateway.chat(user === undefined ? {} : { user }, { headers: { authorization: `Bearer ${keys[name]}`, ...headers } });
const leftOf = ({ status, headers }: Response): readonly (number | string | null)[] => [
  status,
  headers.get('x-ratelimit-remaining-requests'),
];

test('each user in the body has a limit of its own behind a key, and the key has its own for all of them', async () => {
  assert.deepEqual(leftOf(await chat('shared', 'ann')), [200, '1']);
  assert.deepEqual(leftOf(await chat('shared', 'ann')), [200, '0']);
  const refused = await chat('shared', 'ann');
  assert.deepEqual(leftOf(refused), [429, '0']);
  assert.match((await errorOf(refused)).message, /^Rate limit reached for the end user ann: 2 requests per minute\./);
  assert.deepEqual(leftOf(await chat('shared', 'bob')), [200, '1']);
  // The refused request has taken nothing of the key.
  assert.deepEqual(leftOf(await chat('shared', undefined)), [200, '96']);
  // The same name behind another key is another user.
  assert.deepEqual(leftOf(await chat('other', 'ann')), [200, '1']);
  await until('they are logged', () => gateway.ended().length === 6);
  assert.deepEqual(
    gateway.ended().map(({ caller, user }) => [caller, user]),
    [...Array.from({ length: 3 }, () => ['shared', 'ann']), ['shared', 'bob'], ['shared', undefined], ['other', 'ann']],
  );
});

test('headers name the user only for a key that trusts them, and then count before the body', async () => {
  const headers = { 'x-openwebui-user-id': 'carl', 'x-openwebui-user-email': 'carl@example.net' };
  const userAfter = async (name: Name, more: Record<string, string>): Promise<unknown> => {
    const { length } = gateway.ended();
    assert.equal((await chat(name, 'dora', more)).status, 200);
    await until('it is logged', () => gateway.ended().length > length);
    return gateway.ended().at(-1)?.['user'];
  };
  assert.equal(await userAfter('trusting', headers), 'carl');
  assert.equal(await userAfter('trusting', { 'x-openwebui-user-email': 'carl@example.net' }), 'carl@example.net');
  assert.equal(await userAfter('trusting', { ...headers, 'x-forwarded-email': 'eve@example.net' }), 'eve@example.net');
  assert.equal(await userAfter('trusting', {}), 'dora');
  assert.equal(await userAfter('shared', { ...headers, 'x-forwarded-email': 'eve@example.net' }), 'dora');
  assert.equal(await userAfter('other', { ...headers, 'x-hxllm-caller': 'job-7' }), 'job-7');
  assert.deepEqual(leftOf(await chat('trusting', 'dora', { 'x-openwebui-user-id': 'carl' })), [200, '0']);
  assert.equal((await chat('trusting', 'freda', { 'x-openwebui-user-id': 'carl' })).status, 429);
});

test('the latest end users are remembered, and an idle key is not forgotten for them', () => {
  const limiter = new Limiter();
  const limits = { perMinute: 1, parallel: undefined };
  const ownerOf = (kind: LimitOwner['kind'], alias: string): LimitOwner => ({ kind, alias, id: alias, limits });
  const ask = (name: string): boolean => limiter.admit([ownerOf('end user', name)], 0).ok;
  assert.ok(limiter.admit([ownerOf('key', 'a')], 0).ok);
  assert.ok(ask('first') && ask('second'));
  for (let user = 2; user < MOST_END_USERS; user += 1) assert.ok(ask(String(user)));
  assert.equal(limiter.size, MOST_END_USERS + 1);
  // The first one has asked again, so the second one makes room.
  assert.ok(!ask('first') && ask('another'));
  assert.equal(limiter.size, MOST_END_USERS + 1);
  assert.ok(!ask('first') && ask('second'));
  assert.ok(!limiter.admit([ownerOf('key', 'a')], 0).ok);
});
