import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { startFake } from '../fake-upstream.ts';
import { until } from '../running.ts';
import { startAdmin, type AdminStage } from './stage.ts';

/** It counts 5 tokens of a prompt and 2 of an answer: 7 tokens, $0.25. */
const fake = await startFake();
after(() => fake.kill());
const litellm_params = { model: 'ollama_chat/m', api_base: fake.url, input_cost_per_token: 0.01 };
const dear = { model_name: 'dear', litellm_params, model_info: { output_cost_per_token: 0.1 } };
const FILE_KEY = 'sk-of-the-file-00';

async function spend(stage: AdminStage, key: string): Promise<number> {
  const answer = await stage.ask('/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: 'dear', messages: [{ role: 'user', content: 'hi' }], max_tokens: 2 }),
  });
  await answer.text();
  return answer.status;
}

/** The first moment of the next day of UTC. */
const tomorrow = (): string =>
  new Date(Math.ceil(Date.now() / 86_400_000) * 86_400_000).toISOString().replace('Z', '+00:00');

for (const record of ['with-keys', 'never'])
  test(`the spent amounts of a key are shown, kept by a rotation and a change of the budget, and set anew, with usage.record ${record}`, async () => {
    const stage = await startAdmin({ usage: { record } }, [dear]);
    const team = await stage.done('/team/new', { team_id: `t-${record}`, token_budget: 1000 });
    const made = await stage.done('/key/generate', {
      max_budget: 0.6,
      token_budget: 1000,
      budget_duration: '1d',
      team_id: team['team_id'],
    });
    let key = String(made['key']);
    const shown = async (): Promise<unknown> => {
      const { info } = (await stage.done(`/key/info?key=${key}`)) as {
        readonly info: Readonly<Record<string, unknown>>;
      };
      return [info['spend'], info['token_spend'], info['budget_reset_at']];
    };
    assert.deepEqual(await shown(), [0, 0, tomorrow()]);
    assert.equal(await spend(stage, key), 200);
    await until('it is spent', async () => JSON.stringify(await shown()) === JSON.stringify([0.25, 7, tomorrow()]));
    key = String((await stage.done('/key/regenerate', { key }))['key']);
    await stage.done('/key/update', { key, max_budget: 0.55 });
    assert.deepEqual(await shown(), [0.25, 7, tomorrow()]);
    assert.equal(await spend(stage, key), 200);
    await until('both are spent', async () => JSON.stringify(await shown()) === JSON.stringify([0.5, 14, tomorrow()]));
    assert.equal(await spend(stage, key), 429);
    const list = (await stage.done('/key/list?return_full_object=true')) as { readonly keys: readonly object[] };
    assert.ok(list.keys.some((one) => 'spend' in one && one.spend === 0.5));
    const reset = await stage.done(`/key/${key}/reset_spend`, { reset_to: 0.1 });
    assert.deepEqual([reset['spend'], reset['token_spend']], [0.1, 0]);
    const { before, after: now } = stage.changes().at(-1) ?? {};
    assert.deepEqual(
      [before, now],
      [
        { spend: 0.5, token_spend: 14 },
        { spend: 0.1, token_spend: 0 },
      ],
      'the log has both',
    );
    assert.deepEqual(await shown(), [0.1, 0, tomorrow()]);
    assert.equal(await spend(stage, key), 200);
    await until(
      'it counts from there',
      async () => JSON.stringify(await shown()) === JSON.stringify([0.35, 7, tomorrow()]),
    );
    const { team_info } = (await stage.done(`/team/info?team_id=t-${record}`)) as { readonly team_info: object };
    assert.partialDeepStrictEqual(team_info, { token_spend: 21, budget_reset_at: null });
    // A row that is sent back as it came.
    await stage.done('/key/update', { key, token_spend: 3 });
    for (const [path, body] of [
      ['/key/update', { key, spend: 0.2 }],
      ['/team/update', { team_id: `t-${record}`, max_budget: 5, spend: 0.2 }],
      ['/team/update', { team_id: `t-${record}`, spend: 0.3 }],
    ] as const)
      await stage.done(path, body);
    const [ofKey, , ofTeam] = stage.changes().slice(-3);
    assert.deepEqual([ofKey?.['before'], ofKey?.['after']], [{ spend: 0.35 }, { spend: 0.2 }]);
    assert.deepEqual([ofTeam?.['before'], ofTeam?.['after']], [{ spend: 0.2 }, { spend: 0.3 }]);
  });

test('a key of the file shows its budget and what it has spent', async () => {
  const budget = { max_budget: 5, token_budget: 100, budget_duration: '30d' };
  const stage = await startAdmin({ keys: [{ alias: 'file', hash: apiKeyHash(FILE_KEY), ...budget }] }, [dear]);
  await spend(stage, FILE_KEY);
  await until('it is spent', async () => {
    const { info } = (await stage.done('/key/info', undefined, FILE_KEY)) as { readonly info: object };
    return 'spend' in info && info.spend === 0.25;
  });
  const { info } = await stage.done('/key/info', undefined, FILE_KEY);
  assert.partialDeepStrictEqual(info, { ...budget, token_spend: 7 });
});

test('huge amounts are given back as they were set, and a number that is too large is told the largest', async () => {
  const stage = await startAdmin({}, [dear]);
  const made = await stage.done('/key/generate', { max_budget: 1e308, spend: 1e300, token_budget: 1e13 });
  const { info } = await stage.done(`/key/info?key=${String(made['key'])}`);
  assert.partialDeepStrictEqual(info, { max_budget: 1e308, spend: 1e300, token_budget: 1e13 });
  assert.match(
    await stage.refused('/key/generate', { token_budget: 1e16 }),
    /^422 token_budget.* from 0 to 1000000000000000/,
  );
});
