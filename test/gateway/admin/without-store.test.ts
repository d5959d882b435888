import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { StoreError } from '../../../src/gateway/store/key-store.ts';
import { startAdmin, type AdminStage } from './stage.ts';

const CALLS = ['find', 'since', 'commit', 'findUsage', 'sumUsage'] as const;

async function chatWith(stage: AdminStage, key: unknown): Promise<number> {
  const answer = await stage.chat({ max_tokens: 4 }, { headers: { authorization: `Bearer ${String(key)}` } });
  await answer.text();
  return answer.status;
}

test('no request waits for the database: with every limit and a budget a hundred chats and lists ask it nothing', async () => {
  const stage = await startAdmin({ usage: { record: 'never' } });
  await stage.done('/team/new', { team_id: 't', rpm_limit: 1000, models: ['m'] });
  const limits = { rpm_limit: 1000, tpm_limit: 1_000_000, max_parallel_requests: 10, token_budget: 1_000_000 };
  const { key } = await stage.done('/key/generate', {
    ...limits,
    team_id: 't',
    user_id: 'u',
    model_rpm_limit: { m: 1000 },
  });
  const { store } = stage.records;
  assert.ok(store !== undefined);
  const calls = CALLS.map((name) => mock.method(store, name));
  for (let turn = 0; turn < 50; turn += 1) {
    assert.equal(await chatWith(stage, key), 200);
    assert.equal((await stage.call('/v1/models', undefined, String(key))).status, 200);
  }
  assert.equal((await stage.call('/v1/models', undefined, 'sk-of-nobody-at-all')).status, 401);
  assert.deepEqual(
    calls.map((call) => call.mock.callCount()),
    CALLS.map(() => 0),
  );
});

test('while the database is away known keys are served with their limits, and administration says what is wrong', async (context) => {
  const stage = await startAdmin();
  const { key } = await stage.done('/key/generate', { rpm_limit: 2 });
  const { store } = stage.records;
  assert.ok(store !== undefined);
  for (const name of CALLS)
    context.mock.method(store, name, () => Promise.reject(new StoreError('store.busy', 'it is locked')));
  assert.deepEqual(
    [await chatWith(stage, key), await chatWith(stage, key), await chatWith(stage, key)],
    [200, 200, 429],
  );
  assert.equal((await stage.ask('/health/readiness')).status, 200);
  for (const [path, body] of [
    ['/key/generate', {}],
    [`/key/info?key=${String(key)}`, undefined],
    ['/key/list', undefined],
    ['/spend/logs', undefined],
  ] as const)
    assert.match(
      await stage.refused(path, body),
      /^503 null: .*gateway\.db\) cannot be used now: it is locked\.$/,
      path,
    );
  context.mock.restoreAll();
  await stage.done('/key/update', { key, rpm_limit: 5 });
  assert.equal(await chatWith(stage, key), 200);
});

test('a key whose budget is spent still reads itself, its usage and its models', async () => {
  const stage = await startAdmin();
  const { key } = await stage.done('/key/generate', { token_budget: 1, budget_duration: '1d' });
  assert.equal(await chatWith(stage, key), 429);
  for (const path of ['/key/info', '/spend/logs', '/v1/models', '/api/tags', '/model/info'])
    assert.equal((await stage.call(path, undefined, String(key))).status, 200, path);
});
