import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { ADMIN_FIELDS } from '../../../src/gateway/admin/fields.ts';
import { startAdmin } from './stage.ts';

const { call, done, refused } = await startAdmin();
type Row = Readonly<Record<string, unknown>>;
const status = async (key: unknown, path = '/v1/models'): Promise<number> =>
  (await call(path, undefined, String(key))).status;

/** A value that fits each field which teams or users have beside keys. */
const MORE: Row = {
  team_alias: 'alias of a team',
  members_with_roles: [{ user_id: 'a', user_email: null, role: 'admin' }],
  model_aliases: { a: 'b' },
  team_member_budget: 2.5,
  team_member_rpm_limit: 3,
  team_member_tpm_limit: 4,
  team_member_permissions: ['/key/info'],
  user_email: 'a@example.com',
  user_alias: 'a person',
  user_role: 'internal_user',
  teams: [],
  metadata: { a: 1 },
  tags: ['t'],
  models: ['m'],
  blocked: false,
  budget_duration: '30d',
  rpm_limit_type: 'dynamic',
  tpm_limit_type: 'dynamic',
  organization_id: 'o',
  budget_id: 'b',
};
const MONEY = new Set(['max_budget', 'soft_budget', 'team_member_budget', 'spend']);
const LISTS = new Set(['guardrails', 'prompts', 'policies', 'budget_limits']);
const OBJECTS = new Set(
  'model_max_budget model_rpm_limit model_tpm_limit permissions object_permission router_settings'.split(' '),
);

function valuesFor(kind: 'team' | 'user'): Row {
  const value = (name: string): unknown => MORE[name] ?? (LISTS.has(name) ? ['x'] : OBJECTS.has(name) ? { x: 1 } : 5);
  return Object.fromEntries(Object.keys(ADMIN_FIELDS[kind]).map((name) => [name, value(name)]));
}

test('teams of the file stand in every list, first, with their keys of both kinds', async () => {
  await done('/team/new', { team_id: 't0', team_alias: 'zero' });
  const { token } = await done('/key/generate', { team_id: 'file-team' });
  const { keys } = await done('/team/info?team_id=file-team');
  assert.deepEqual(
    (keys as Row[]).map((row) => [row['token'], row['source']]),
    [
      [apiKeyHash('sk-of-the-file-00'), 'hxllm.keys'],
      [token, undefined],
    ],
  );
  const page = async (query: string): Promise<unknown> => {
    const { teams, total, total_pages } = await done(`/v2/team/list?${query}`);
    return [(teams as Row[]).map(({ team_id }) => team_id), total, total_pages];
  };
  assert.deepEqual(await page('page_size=1'), [['file-team'], 2, 2]);
  assert.deepEqual(await page('page_size=1&page=2'), [['t0'], 2, 2]);
  assert.deepEqual(await page('page_size=5'), [['file-team', 't0'], 2, 1]);
  assert.deepEqual(await page('team_alias=FILE'), [['file-team'], 1, 1]);
  assert.deepEqual(await page('organization_id=o'), [[], 0, 0]);
  await done('/key/delete', { keys: [token] });
  await done('/team/delete', { team_ids: ['t0'] });
});

test('a team comes back as it was sent, from each call', async () => {
  const fields = valuesFor('team');
  const made = await done('/team/new', { team_id: 't1', ...fields, own: 1 });
  const rows = [
    made,
    (await done('/team/info?team_id=t1'))['team_info'],
    (await done('/team/update', { team_id: 't1', rpm_limit: 5 }))['data'],
    ((await call('/team/list')).body as unknown as Row[]).find(({ team_id }) => team_id === 't1'),
    ((await done('/v2/team/list'))['teams'] as Row[])[1],
    await done('/team/unblock', { team_id: 't1' }),
  ] as Row[];
  for (const row of rows)
    for (const [name, value] of Object.entries({ ...fields, own: 1, team_id: 't1' }))
      assert.deepEqual(row[name], value, name);
  assert.match(await refused('/team/new', { team_id: 't1' }), /^400 team_id/);
  for (const name of Object.keys(ADMIN_FIELDS.team)) {
    const wrong = MONEY.has(name) ? 'much' : 0.5;
    assert.match(await refused('/team/new', { [name]: wrong }), new RegExp(`^422 (?:${name}|member): Expected `), name);
  }
  await done('/team/delete', { team_ids: ['t1'] });
  assert.match(await refused('/team/info?team_id=t1'), /^404 .*not found/);
  assert.equal((await done('/team/new', { team_id: 't1' }))['rpm_limit'], null, 'nothing of the deleted one is left');
});

test('a team holds its keys: blocked with it, deleted with it', async () => {
  await done('/team/new', { team_id: 't2', models: ['m'] });
  const { key } = await done('/key/generate', { team_id: 't2' });
  assert.equal(await status(key), 200);
  assert.equal(await status(key, '/v1/models/other'), 404);
  await done('/team/block', { team_id: 't2' });
  assert.equal(await status(key), 401);
  await done('/team/unblock', { team_id: 't2' });
  assert.equal(((await done('/team/info?team_id=t2'))['keys'] as Row[]).length, 1);
  assert.deepEqual(await done('/team/delete', { team_ids: ['t2'] }), { deleted_teams: ['t2'] });
  assert.equal(await status(key), 401);
  assert.match(await refused('/team/delete', { team_ids: ['t2'] }), /^404/);
});

test('members come and go, one by one or several, by id or address', async () => {
  await done('/team/new', { team_id: 't3', members_with_roles: [{ role: 'admin', user_id: 'a' }] });
  const add = (member: unknown): Promise<Row> =>
    done('/team/member_add', { team_id: 't3', member, max_budget_in_team: null });
  await add({ role: 'user', user_id: 'b', user_email: '' });
  const { members_with_roles: all } = await add([
    { role: 'user', user_email: 'c@x' },
    { role: 'user', user_id: 'd' },
  ]);
  assert.deepEqual(
    (all as Row[]).map(({ user_id, user_email }) => user_id ?? user_email),
    ['a', 'b', 'c@x', 'd'],
  );
  assert.match(
    await refused('/team/member_add', { team_id: 't3', member: { role: 'user', user_id: 'a' } }),
    /^400 member/,
  );
  assert.match(
    await refused('/team/member_add', { team_id: 't3', member: { role: 'owner', user_id: 'e' } }),
    /^422 role/,
  );
  assert.match(
    await refused('/team/member_add', { team_id: 'none', member: { role: 'user', user_id: 'a' } }),
    /^404 team_id/,
  );
  await done('/team/member_delete', { team_id: 't3', user_id: 'b', user_email: '' });
  await done('/team/member_update', { team_id: 't3', user_email: 'c@x', role: 'admin' });
  const { members_with_roles: left } = await done('/team/member_delete', { team_id: 't3', user_id: 'd' });
  assert.deepEqual(
    (left as Row[]).map(({ role }) => role),
    ['admin', 'admin'],
  );
  assert.match(await refused('/team/member_delete', { team_id: 't3', user_id: 'd' }), /^404 user_id: .*not found/);
});

test('a user comes back as it was sent, with a key, its keys and its teams', async () => {
  await done('/team/new', { team_id: 't4' });
  const fields = { ...valuesFor('user'), teams: ['t4'] };
  const made = await done('/user/new', { user_id: 'u1', ...fields, key_alias: 'of u1' });
  assert.equal(await status(made['key']), 200);
  const info = await done('/user/info?user_id=u1');
  const updated = (await done('/user/update', { user_id: 'u1', user_alias: 'a person' }))['data'];
  for (const row of [made, info['user_info'], updated] as Row[])
    for (const [name, value] of Object.entries(fields)) assert.deepEqual(row[name], value, name);
  assert.equal((info['keys'] as Row[])[0]?.['key_alias'], 'of u1');
  assert.equal((info['teams'] as Row[])[0]?.['team_id'], 't4');
  assert.equal((await done('/user/info', undefined, String(made['key'])))['user_id'], 'u1');
  const list = await done('/user/list?user_ids=u1,u2');
  assert.deepEqual([list['total'], (list['users'] as Row[])[0]?.['user_id']], [1, 'u1']);
  assert.match(await refused('/user/new', { user_id: 'u1' }), /^400 user_id/);
  assert.match(await refused('/user/new', { user_id: 'u2', user_email: 'a@example.com' }), /^400 user_email/);
  assert.match(await refused('/user/new', { user_role: 'king' }), /^422 user_role/);
  const second = await done('/user/new', { user_id: 'u2', auto_create_key: false });
  assert.equal(second['key'], undefined);
  await done('/user/update', { user_id: 'u1', blocked: true });
  assert.equal(await status(made['key']), 401);
  assert.deepEqual(await done('/user/delete', { user_ids: ['u1'] }), { deleted_users: ['u1'] });
  assert.match(await refused('/user/info?user_id=u1'), /^404 .*not found/);
  assert.deepEqual(((await done('/team/info?team_id=t4')) as { team_info: Row }).team_info['members_with_roles'], []);
  assert.equal(await status(made['key']), 401);
});

test('the limits of a user hold all its keys', async () => {
  const { key } = await done('/user/new', { user_id: 'limited', rpm_limit: 1 });
  const { key: other } = await done('/key/generate', { user_id: 'limited' });
  const chat = (text: unknown): Promise<Row> =>
    call('/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content: 'hi' }] }, String(text)).then(
      ({ status: code, body }) => ({ code, body }),
    );
  assert.equal((await chat(key))['code'], 200);
  const refusal = await chat(other);
  assert.equal(refusal['code'], 429);
  assert.match(JSON.stringify(refusal['body']), /for the user limited: 1 request per minute/);
});
