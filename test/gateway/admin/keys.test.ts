import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKeyHash, isDamagedApiKey } from '../../../src/core/api-key.ts';
import { ADMIN_FIELDS } from '../../../src/gateway/admin/fields.ts';
import { KEY } from '../running.ts';
import { startAdmin } from './stage.ts';

const stage = await startAdmin();
const { call, done, refused } = stage;

/** Of each field of a key: a value that fits, and one that does not. */
const VALUES: Readonly<Record<string, readonly [fits: unknown, wrong: unknown]>> = {
  key_alias: ['table', 1],
  duration: ['30d', '30 days'],
  models: [['m', 'llama*'], 'm'],
  aliases: [{ mine: 'm' }, { mine: 1 }],
  user_id: ['user-1', 1],
  team_id: ['file-team', 1],
  blocked: [true, 'yes'],
  allowed_routes: [['/v1/chat/completions', 'info_routes'], ['chat']],
  key_type: ['llm_api', 'admin'],
  metadata: [{ a: [1, { b: null }], tags: ['x'] }, []],
  tags: [['a', 'b'], [1]],
  rpm_limit: [60, 1.5],
  tpm_limit: [1000, '1000'],
  max_parallel_requests: [4, true],
  spend: [1.25, '1'],
  max_budget: [10.5, '10'],
  soft_budget: [5, []],
  token_budget: [100_000, 0.5],
  budget_duration: ['1mo', 'sometimes'],
  budget_limits: [[{ budget_duration: '1d', max_budget: 1 }], {}],
  model_max_budget: [{ m: { budget_limit: 1, time_period: '1d' } }, 1],
  model_rpm_limit: [{ m: 3 }, { m: '3' }],
  model_tpm_limit: [{ m: 300 }, { m: 0.5 }],
  tpd_limit: [1_000_000, '1'],
  rpm_limit_type: ['guaranteed_throughput', 'mine'],
  tpm_limit_type: ['dynamic', 1],
  trust_user_headers: [true, 1],
  organization_id: ['org', {}],
  project_id: ['project', 1],
  agent_id: ['agent', 1],
  budget_id: ['budget', 1],
  permissions: [{ a: true }, 'a'],
  object_permission: [{ a: [] }, 1],
  router_settings: [{ retries: 1 }, 1],
  guardrails: [['g'], 'g'],
  prompts: [['p'], 'p'],
  policies: [['p'], {}],
  config: [{ a: 'b' }, 1],
  allowed_cache_controls: [['no-cache'], 'no-cache'],
  allowed_passthrough_routes: [['/x'], '/x'],
  enforced_params: [['user'], 'user'],
  auto_rotate: [true, 'no'],
  rotation_interval: ['30d', 'often'],
  send_invite_email: [true, 1],
};

test('every field comes back from every call as it was sent, and is named where it has no effect', async () => {
  assert.deepEqual(Object.keys(VALUES).toSorted(), Object.keys(ADMIN_FIELDS.key).toSorted());
  const fields = Object.fromEntries(Object.entries(VALUES).map(([name, [fits]]) => [name, fits]));
  const without = Object.entries(ADMIN_FIELDS.key).flatMap(([name, { works }]) => (works ? [] : [name]));
  const made = await call('/key/generate', { ...fields, my_own_field: { a: 1 } });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const named = (made.ignored ?? '').split(', ');
  for (const name of [...without.slice(0, 15), 'max_budget']) assert.ok(named.includes(name), name);
  const { key } = made.body;
  assert.ok(typeof key === 'string' && !isDamagedApiKey(key) && key.startsWith('sk-hx-'));
  const rows = [
    made.body,
    (await done(`/key/info?key=${key}`))['info'],
    ((await done('/v2/key/info', { keys: [key] }))['info'] as object[])[0],
    ((await done('/key/list?return_full_object=true&key_alias=table'))['keys'] as object[])[0],
    await done('/key/update', { key, rpm_limit: 60 }),
    await done('/key/block', { key }),
    await done(`/key/${key}/reset_spend`, { reset_to: 1.25 }),
  ] as Readonly<Record<string, unknown>>[];
  for (const row of rows)
    for (const [name, value] of Object.entries({ ...fields, my_own_field: { a: 1 } }))
      assert.deepEqual(row[name], value, name);
  const [first = {}] = rows;
  assert.equal(first['token'], apiKeyHash(key));
  assert.equal(first['key_name'], `sk-...${key.slice(-4)}`);
  assert.match(String(first['expires']), /^\d{4}-.*\+00:00$/);
  await done('/key/delete', { keys: [key] });
});

test('a value that does not fit is 422 with its field, alone; nothing is made', async () => {
  const before = (await done('/key/list'))['total_count'];
  for (const [name, [, wrong]] of Object.entries(VALUES))
    assert.match(
      await refused('/key/generate', { key_alias: 'none', [name]: wrong }),
      new RegExp(`^422 ${name}: Expected `),
    );
  assert.match(await refused('/key/generate', { max_budget: -1 }), /^400 max_budget: /);
  assert.match(await refused('/key/generate', { rpm_limit: -1 }), /^422 rpm_limit: /);
  const deep = await stage.ask('/key/generate', {
    method: 'POST',
    body: `{"metadata":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`,
  });
  assert.equal(deep.status, 422);
  for (const body of ['[1]', '"text"', '{"rpm_limit":', 'null']) {
    const answer = await stage.ask('/key/generate', { method: 'POST', body });
    assert.equal(answer.status, 422, body);
  }
  assert.equal((await done('/key/list'))['total_count'], before);
});

test('null clears a field, a missing one stays, and an empty one of a form asks for nothing', async () => {
  const { key } = await done('/key/generate', { rpm_limit: 5, models: ['m'], duration: '1d', key_alias: 'clear' });
  const cleared = await call('/key/update', {
    key,
    rpm_limit: null,
    models: null,
    guardrails: [],
    config: {},
    team_id: '',
  });
  assert.equal(cleared.ignored, null);
  const { rpm_limit, models, expires, key_alias, team_id } = cleared.body;
  assert.deepEqual([rpm_limit, models, key_alias, team_id], [null, [], 'clear', null]);
  assert.ok(expires !== null);
  assert.equal((await done('/key/update', { key, duration: null }))['expires'], null);
  await done('/key/delete', { keys: [key] });
});

test('a key of {} may use everything, works at once, and is gone at once', async () => {
  const { key, token } = (await done('/key/generate', {})) as { key: string; token: string };
  const status = async (): Promise<number> => (await call('/v1/models', undefined, key)).status;
  assert.equal(await status(), 200);
  await done('/key/block', { key: token });
  assert.equal(await status(), 401);
  await done('/key/unblock', { key });
  assert.equal(await status(), 200);
  assert.deepEqual(await done('/key/delete', { keys: [token, 'sk-unknown-key-00000'] }), { deleted_keys: [token] });
  assert.equal(await status(), 401);
  for (const [path, body] of [
    [`/key/info?key=${key}`, undefined],
    ['/key/update', { key, rpm_limit: 1 }],
    ['/key/delete', { keys: [key] }],
    ['/key/block', { key }],
    ['/key/regenerate', { key }],
    [`/key/${key}/reset_spend`, {}],
  ] as const)
    assert.match(await refused(path, body), /^404 .*not found/, path);
});

test('a key is found by its text, its hash, its id and its alias', async () => {
  const { key, token, key_id } = (await done('/key/generate', { key_alias: 'many names' })) as Record<string, string>;
  for (const reference of [key, token, key_id])
    assert.equal(
      ((await done(`/key/info?key=${reference ?? ''}`))['info'] as Record<string, unknown>)['key_id'],
      key_id,
    );
  assert.deepEqual(
    await done('/v2/key/info', { key_aliases: ['many names', 'none'] }).then(({ info }) => (info as object[]).length),
    1,
  );
  assert.equal((await done('/key/update', { key_alias: 'many names', rpm_limit: 9 }))['rpm_limit'], 9);
  assert.deepEqual(await done('/key/delete', { key_aliases: ['many names'] }), { deleted_keys: ['many names'] });
});

test('a chosen text and alias are taken once; the master key and keys of the file are never', async () => {
  const key = 'sk-chosen-by-a-script';
  const made = await done('/key/generate', { key, key_alias: 'once' });
  assert.equal(made['key'], key);
  assert.match(await refused('/key/generate', { key }), /^400 key: /);
  assert.match(await refused('/key/generate', { key_alias: 'once' }), /^400 key_alias: /);
  const { token } = await done('/key/generate', { key_alias: 'another' });
  assert.match(await refused('/key/update', { key: token, key_alias: 'once' }), /^400 key_alias: /);
  for (const text of [KEY, 'sk-of-the-file-00', 'sk-short', 'no-key-0000000000', 'sk-with a space in it'])
    assert.match(await refused('/key/generate', { key: text }), /^400 key: /, text);
  for (const alias of ['file', 'master', 'sk-x'])
    assert.match(await refused('/key/generate', { key_alias: alias }), /^400 key_alias: /, alias);
  assert.match(await refused('/key/generate', { team_id: 'none' }), /^400 team_id: /);
  await done('/key/delete', { keys: [key, token] });
});

test('calls without what they need are 422 with the field', async () => {
  for (const [path, body, param] of [
    ['/key/info', undefined, 'key'],
    ['/v2/key/info', {}, 'keys'],
    ['/key/update', {}, 'key'],
    ['/key/delete', {}, 'keys'],
    ['/key/delete', { keys: 'sk-x' }, 'keys'],
    ['/key/block', {}, 'key'],
    ['/key/unblock', { key: 1 }, 'key'],
    ['/key/regenerate', {}, 'key'],
    ['/key/sk-x/reset_spend', { reset_to: -1 }, 'reset_to'],
    ['/key/list?page=0', undefined, 'page'],
    ['/key/list?size=101', undefined, 'size'],
    ['/key/list?status=odd', undefined, 'status'],
    ['/key/list?sort_by=odd', undefined, 'sort_by'],
    ['/key/aliases?size=x', undefined, 'size'],
    ['/key/service-account/generate', {}, 'team_id'],
    ['/key/service-account/generate', { team_id: 'file-team', user_id: 'u' }, 'user_id'],
    ['/team/info', undefined, 'team_id'],
    ['/team/update', {}, 'team_id'],
    ['/team/delete', {}, 'team_ids'],
    ['/team/block', {}, 'team_id'],
    ['/team/member_add', { team_id: 't' }, 'member'],
    ['/team/member_delete', { team_id: 't' }, 'member'],
    ['/user/info', undefined, 'user_id'],
    ['/user/update', {}, 'user_id'],
    ['/user/delete', {}, 'user_ids'],
    ['/user/list?page=x', undefined, 'page'],
  ] as const)
    assert.match(await refused(path, body), new RegExp(`^422 ${param}: `), path);
});

test('keys are listed in pages, those of the file first, and by each condition', async () => {
  const made: string[] = [];
  for (const name of ['l1', 'l2', 'l3']) {
    const { token } = await done('/key/generate', { key_alias: name, user_id: 'lister', team_id: 'file-team' });
    made.push(String(token));
  }
  const page = await done('/key/list?size=2');
  assert.deepEqual([page['total_count'], page['current_page'], page['total_pages']], [4, 1, 2]);
  assert.deepEqual(page['keys'], [apiKeyHash('sk-of-the-file-00'), made[2]]);
  assert.deepEqual((await done('/key/list?size=2&page=2'))['keys'], [made[1], made[0]]);
  assert.deepEqual((await done('/key/list?size=2&page=3'))['keys'], []);
  const listed = async (query: string): Promise<unknown> => (await done(`/key/list?${query}`))['keys'];
  assert.deepEqual(await listed('user_id=lister&sort_order=asc'), made);
  assert.deepEqual(await listed('team_id=none'), []);
  assert.deepEqual(await listed('search=L2'), [made[1]]);
  assert.deepEqual(await listed(`key_hash=${made[0] ?? ''}`), [made[0]]);
  assert.deepEqual(await listed('organization_id=o'), []);
  await done('/key/block', { key: made[0] });
  assert.deepEqual(await listed('status=revoked'), [made[0]]);
  assert.deepEqual((await done('/key/aliases'))['aliases'], ['file', 'l1', 'l2', 'l3']);
  await done('/key/delete', { keys: made });
  assert.equal((await done('/key/list?status=deleted&user_id=lister'))['total_count'], 3);
});
