import assert from 'node:assert/strict';
import { after, mock, test } from 'node:test';
import { ADMIN_FIELDS } from '../../../src/gateway/admin/fields.ts';
import { startFake } from '../fake-upstream.ts';
import { until } from '../running.ts';
import { startAdmin } from './stage.ts';

/** It counts 5 tokens of a prompt and 2 of an answer, and each of the latter costs 1. */
const fake = await startFake();
after(() => fake.kill());
const litellm_params = { model: 'ollama_chat/m', api_base: fake.url };
const stage = await startAdmin({}, [{ model_name: 'dear', litellm_params, model_info: { output_cost_per_token: 1 } }]);
const { done, call } = stage;
await done('/team/new', { team_id: 'narrow', models: ['other'] });
await done('/user/new', { user_id: 'gone', blocked: true, auto_create_key: false });

/** The thing that shows the effect of a field: the status of a chat, or another part of a request. */
type Sight = (key: string) => Promise<unknown>;

const chat =
  (body: object = {}, headers: Readonly<Record<string, string>> = {}): Sight =>
  async (key) => {
    const answer = await stage.chat(
      { max_tokens: 2, ...body },
      { headers: { authorization: `Bearer ${key}`, ...headers } },
    );
    await answer.text();
    return answer.status;
  };
const logged =
  (name: string, headers: Readonly<Record<string, string>> = {}): Sight =>
  async (key) => {
    const { length } = stage.ended();
    await chat({}, headers)(key);
    await until('it is logged', () => stage.ended().length > length);
    return stage.ended().at(-1)?.[name];
  };
const later: Sight = async (key) => {
  const { now } = Date;
  mock.method(Date, 'now', () => now() + 3_600_000);
  try {
    return await chat()(key);
  } finally {
    mock.restoreAll();
  }
};
const tagsOf: Sight = async (key) => {
  await chat()(key);
  const [row] = (await call('/spend/logs', undefined, key)).body as unknown as readonly Readonly<
    Record<string, unknown>
  >[];
  return JSON.stringify(row?.['request_tags']);
};
const endOfPeriod: Sight = async (key) => {
  const { info } = (await done(`/key/info?key=${key}`)) as { readonly info: Readonly<Record<string, unknown>> };
  return info['budget_reset_at'] !== null;
};
const DEAR = chat({ model: 'dear' });

interface Effect {
  readonly field: string;
  readonly value: unknown;
  readonly sight: Sight;
  readonly without: unknown;
  readonly with: unknown;
  /** Further fields that it needs. */
  readonly beside?: object;
}

const LIMITS: readonly Effect[] = [
  { field: 'rpm_limit', value: 0, sight: chat(), without: 200, with: 429 },
  { field: 'tpm_limit', value: 0, sight: chat(), without: 200, with: 429 },
  { field: 'max_parallel_requests', value: 0, sight: chat(), without: 200, with: 429 },
  { field: 'model_rpm_limit', value: { m: 0 }, sight: chat(), without: 200, with: 429 },
  { field: 'model_tpm_limit', value: { m: 0 }, sight: chat(), without: 200, with: 429 },
  { field: 'token_budget', value: 1, sight: chat(), without: 200, with: 429 },
  { field: 'max_budget', value: 1, sight: DEAR, without: 200, with: 429 },
  { field: 'spend', value: 999, sight: DEAR, without: 200, with: 429, beside: { max_budget: 1000 } },
  { field: 'metadata', value: { model_rpm_limit: { m: 0 } }, sight: chat(), without: 200, with: 429 },
];
const OF_KEYS: readonly Effect[] = [
  ...LIMITS,
  {
    field: 'key_alias',
    value: 'seen',
    sight: async (key) => (await logged('caller')(key)) === 'seen',
    without: false,
    with: true,
  },
  { field: 'duration', value: '30m', sight: later, without: 200, with: 401 },
  { field: 'models', value: ['other'], sight: chat(), without: 200, with: 404 },
  { field: 'aliases', value: { mine: 'm' }, sight: chat({ model: 'mine' }), without: 404, with: 200 },
  { field: 'team_id', value: 'narrow', sight: chat(), without: 200, with: 404 },
  { field: 'user_id', value: 'gone', sight: chat(), without: 200, with: 401 },
  { field: 'blocked', value: true, sight: chat(), without: 200, with: 401 },
  { field: 'allowed_routes', value: ['/v1/models'], sight: chat(), without: 200, with: 403 },
  { field: 'key_type', value: 'read_only', sight: chat(), without: 200, with: 403 },
  { field: 'tags', value: ['a'], sight: tagsOf, without: '[]', with: '["a"]' },
  {
    field: 'budget_duration',
    value: '1d',
    sight: endOfPeriod,
    without: false,
    with: true,
    beside: { token_budget: 9999 },
  },
  {
    field: 'trust_user_headers',
    value: true,
    sight: logged('user', { 'x-openwebui-user-id': 'ada' }),
    without: undefined,
    with: 'ada',
  },
];

test('each field of a key does what it says from the next request on, when it is made with it, gets it, and loses it', async () => {
  const working = Object.entries(ADMIN_FIELDS.key).flatMap(([name, { works }]) => (works ? [name] : []));
  assert.deepEqual([...new Set(OF_KEYS.map(({ field }) => field))].toSorted(), working.toSorted());
  for (const { field, value, sight, beside = {}, ...seen } of OF_KEYS) {
    const made = String((await done('/key/generate', { ...beside, [field]: value }))['key']);
    assert.deepEqual(await sight(made), seen.with, `${field}, made with it`);
    await done('/key/delete', { keys: [made] });
    const { key } = await done('/key/generate', beside);
    assert.deepEqual(await sight(String(key)), seen.without, `${field}, without it`);
    await done('/key/update', { key, [field]: value });
    assert.deepEqual(await sight(String(key)), seen.with, `${field}, given`);
    await done('/key/update', { key, [field]: field === 'spend' ? 0 : null });
    assert.deepEqual(await sight(String(key)), seen.without, `${field}, taken away`);
  }
});

for (const kind of ['team', 'user'] as const)
  test(`each limit of a ${kind} holds its keys, from the next request on`, async () => {
    const more: readonly Effect[] = [
      { field: 'blocked', value: true, sight: chat(), without: 200, with: 401 },
      ...(kind === 'team' ? OF_KEYS.filter(({ field }) => field === 'models') : []),
    ];
    for (const [index, { field, value, sight, beside = {}, ...seen }] of [...LIMITS, ...more].entries()) {
      const id = { [`${kind}_id`]: `${kind} ${String(index)}` };
      await done(`/${kind}/new`, { ...id, ...beside, ...(kind === 'user' ? { auto_create_key: false } : {}) });
      const key = String((await done('/key/generate', id))['key']);
      assert.deepEqual(await sight(key), seen.without, `${field}, without it`);
      await done(`/${kind}/update`, { ...id, [field]: value });
      assert.deepEqual(await sight(key), seen.with, `${field}, given`);
      await done(`/${kind}/update`, { ...id, [field]: field === 'spend' ? 0 : null });
      assert.deepEqual(await sight(key), seen.without, `${field}, taken away`);
    }
  });
