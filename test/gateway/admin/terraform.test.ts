import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { startAdmin } from './stage.ts';

/**
 * The calls of ncecere/terraform-provider-litellm (82b1d0e) for its resources: it sends attributes that are set and not empty, reads the whole
 * resource back after each change, and takes an error with "not found" in it for a resource that is gone. A plan shows a change for every
 * attribute that comes back otherwise.
 */
type Attributes = Readonly<Record<string, unknown>>;

const { call } = await startAdmin();

async function request(path: string, body?: object): Promise<Attributes> {
  const answer = await call(path, body);
  if (answer.status >= 300)
    throw new Error(`API request failed with status ${String(answer.status)}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

const isNotFound = (error: unknown): boolean =>
  error instanceof Error && /not found|404|does not exist/.test(error.message);

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === '' ||
  (typeof value === 'object' && value !== null && Object.keys(value).length === 0);

/** The attributes that are sent. */
const sent = (plan: Attributes): Attributes =>
  Object.fromEntries(Object.entries(plan).filter(([, value]) => !isEmpty(value)));

/** The state after a read: each attribute of the plan as the answer has it, and what the answer has of others that a read adopts. */
function stateOf(info: Attributes, plan: Attributes, adopted: readonly string[]): Attributes {
  const state: Record<string, unknown> = {};
  for (const name of Object.keys(plan)) if (name !== 'key') state[name] = info[name];
  for (const name of adopted) if (!(name in plan) && !isEmpty(info[name] ?? undefined)) state[name] = info[name];
  return state;
}

/** Lists, texts and numbers that a read of a key takes over though the configuration does not have them. */
const ADOPTED_OF_KEYS = `organization_id project_id key_alias duration tpm_limit_type rpm_limit_type team_id user_id
  models allowed_routes allowed_passthrough_routes allowed_cache_controls guardrails prompts enforced_params tags
  metadata aliases config permissions model_max_budget model_rpm_limit model_tpm_limit max_budget tpm_limit rpm_limit
  max_parallel_requests soft_budget blocked`.split(/\s+/);

async function readKey(key: string, plan: Attributes): Promise<Attributes> {
  const { info } = (await request(`/key/info?key=${encodeURIComponent(key)}`)) as { info: Attributes };
  return stateOf(info, plan, ADOPTED_OF_KEYS);
}

const FULL: Attributes = {
  key_alias: 'from terraform',
  user_id: 'tf-user',
  organization_id: 'tf-org',
  project_id: 'tf-project',
  budget_id: 'tf-budget',
  tpm_limit_type: 'best_effort_throughput',
  rpm_limit_type: 'dynamic',
  budget_duration: '30d',
  duration: '90d',
  max_budget: 12.5,
  max_parallel_requests: 3,
  tpm_limit: 90_000,
  rpm_limit: 120,
  soft_budget: 10,
  blocked: false,
  models: ['m'],
  allowed_routes: ['/v1/chat/completions'],
  allowed_passthrough_routes: ['/x'],
  allowed_cache_controls: ['no-store'],
  guardrails: ['g'],
  prompts: ['p'],
  enforced_params: ['user'],
  tags: ['b', 'a'],
  metadata: { owner: 'team-a', nested: { a: [1, 2.5, null] } },
  aliases: { fast: 'm' },
  config: { a: 'b' },
  permissions: { pii: 'true' },
  model_max_budget: { m: 1.5 },
  model_rpm_limit: { m: 10 },
  model_tpm_limit: { m: 1000 },
};

for (const [name, plan] of [
  ['with every attribute', FULL],
  ['with a name alone', { key_alias: 'small' }],
  ['with a text of its own', { key: 'sk-terraform-chose-this', models: ['m', 'other'] }],
  ['without any attribute', {}],
] as const)
  test(`a key ${name} is created, read, updated, read and deleted, and no plan shows a change`, async () => {
    const made = await request('/key/generate', sent(plan));
    const key = String(made['key']);
    const wanted = Object.fromEntries(Object.entries(plan).filter(([attribute]) => attribute !== 'key'));
    assert.deepEqual(await readKey(key, plan), wanted);
    // The id of the resource, which the provider makes itself.
    assert.equal(made['token'], apiKeyHash(key));
    assert.deepEqual(await readKey(key, plan), wanted, 'a second refresh');
    const changed = { ...wanted, rpm_limit: 7, metadata: { owner: 'team-b' }, tags: ['c'], blocked: true };
    await request('/key/update', { ...sent(changed), key });
    assert.deepEqual(await readKey(key, changed), changed);
    await request('/key/delete', { keys: [key] });
    await assert.rejects(readKey(key, plan), isNotFound);
    await assert.rejects(request('/key/delete', { keys: [key] }), isNotFound);
  });

test('a resource that blocks a key reads it blocked, and lets it go', async () => {
  const { key } = await request('/key/generate', {});
  const blocked = async (): Promise<unknown> => (await readKey(String(key), { blocked: null }))['blocked'];
  await request('/key/block', { key });
  assert.equal(await blocked(), true);
  await request('/key/unblock', { key });
  assert.equal(await blocked(), false);
});

test('a team with members and a user live through the same', async () => {
  const plan = {
    team_alias: 'of terraform',
    models: ['m'],
    tpm_limit: 1000,
    rpm_limit: 10,
    max_budget: 5.5,
    budget_duration: '30d',
    team_member_budget: 1.5,
    team_member_rpm_limit: 2,
    team_member_tpm_limit: 3,
    tags: ['t'],
    guardrails: ['g'],
    prompts: ['p'],
    model_aliases: { a: 'm' },
    model_rpm_limit: { m: 1 },
    model_tpm_limit: { m: 2 },
    metadata: { a: 'b' },
    blocked: false,
    router_settings: { fallbacks: [{ m: ['other'] }] },
  };
  const team_id = 'tf-team';
  const readTeam = async (of: Attributes): Promise<Attributes> => {
    const { team_info } = (await request(`/team/info?team_id=${team_id}`)) as { team_info: Attributes };
    return stateOf(team_info, of, ['organization_id', 'tpm_limit_type', 'rpm_limit_type', 'team_member_permissions']);
  };
  await request('/team/new', { ...sent(plan), team_id });
  assert.deepEqual(await readTeam(plan), plan);
  const cleared = { ...plan, max_budget: null, tpm_limit: null, rpm_limit: 20 };
  await request('/team/update', { ...cleared, team_id });
  assert.deepEqual(await readTeam(cleared), cleared);
  const member = [{ role: 'user', user_id: 'tf-user', user_email: '' }];
  await request('/team/member_add', { team_id, member, max_budget_in_team: 4.5 });
  await request('/team/member_update', { team_id, user_id: 'tf-user', user_email: '', max_budget_in_team: 5 });
  const user = {
    user_alias: 'u',
    user_email: 'u@x',
    user_role: 'internal_user',
    max_budget: 1.5,
    tpm_limit: 5,
    rpm_limit: 6,
  };
  const more = { budget_duration: '1mo', models: ['m'], metadata: { a: 'b' }, teams: [team_id] };
  const made = await request('/user/new', { ...user, ...more, auto_create_key: false });
  const readUser = async (): Promise<Attributes> => {
    const { user_info } = (await request(`/user/info?user_id=${String(made['user_id'])}`)) as { user_info: Attributes };
    return stateOf(user_info, { ...user, ...more }, []);
  };
  assert.deepEqual(await readUser(), { ...user, ...more });
  await request('/user/update', { ...user, ...more, user_id: made['user_id'] });
  assert.deepEqual(await readUser(), { ...user, ...more });
  await request('/team/member_delete', { team_id, user_id: 'tf-user', user_email: '' });
  assert.deepEqual(await readTeam(cleared), cleared, 'members are resources of their own');
  await request('/user/delete', { user_ids: [made['user_id']] });
  await assert.rejects(readUser(), isNotFound);
  await request('/team/delete', { team_ids: [team_id] });
  await assert.rejects(readTeam(plan), isNotFound);
});
