import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startFake } from '../fake-upstream.ts';
import { startAdmin } from './stage.ts';

const fake = await startFake();
after(() => fake.kill());
const priced = { model_name: 'priced', litellm_params: { model: 'ollama_chat/m', api_base: fake.url } };
const free = await startAdmin();
const paid = await startAdmin({}, [{ ...priced, model_info: { output_cost_per_token: 0.001 } }]);

test('a budget of money is named as without effect where no model has a price, and only there', async () => {
  const budgets = { max_budget: 5, token_budget: 1000, budget_duration: '1d' };
  const without = await free.call('/key/generate', budgets);
  assert.deepEqual([without.status, without.ignored], [200, 'max_budget']);
  const priceOfAnswers = await paid.call('/key/generate', budgets);
  assert.deepEqual([priceOfAnswers.status, priceOfAnswers.ignored], [200, null]);
});

test('only the prices of models that the key may use count, by its own list, that of its team and its own names', async () => {
  const ignoredBy = async (path: string, body: object): Promise<string | null> => {
    const answer = await paid.call(path, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.ignored;
  };
  await paid.done('/team/new', { team_id: 'free', models: ['m'] });
  const max_budget = 5;
  const rows: readonly (readonly [fields: object, isNamed: boolean])[] = [
    [{ models: ['m', 'other'] }, true],
    [{ models: ['m', 'priced'] }, false],
    [{ models: ['pric*'] }, false],
    [{ models: ['no-default-models'] }, true],
    [{ models: ['all-proxy-models'] }, false],
    [{ team_id: 'free' }, true],
    [{ team_id: 'free', models: ['all-team-models'] }, true],
    [{ models: ['mine'], aliases: { mine: 'priced' } }, false],
    [{ models: ['mine'], aliases: { mine: 'm' } }, true],
  ];
  for (const [fields, isNamed] of rows) {
    const wanted = isNamed ? 'max_budget' : null;
    assert.equal(await ignoredBy('/key/generate', { max_budget, ...fields }), wanted, JSON.stringify(fields));
    // In two steps: the list stands in the key already, or comes to a budget that is there.
    const { key } = await paid.done('/key/generate', fields);
    assert.equal(await ignoredBy('/key/update', { key, max_budget }), wanted, JSON.stringify(fields));
    assert.equal(await ignoredBy('/key/update', { key, rpm_limit: 1 }), null, 'another field');
    const other = await paid.done('/key/generate', { max_budget });
    assert.equal(await ignoredBy('/key/update', { key: other['key'], ...fields }), wanted, JSON.stringify(fields));
  }
  assert.equal(await ignoredBy('/team/new', { max_budget, models: ['m'] }), 'max_budget');
  assert.equal(await ignoredBy('/team/new', { max_budget, models: ['priced'] }), null);
  assert.equal(await ignoredBy('/user/new', { max_budget, auto_create_key: false }), null);
});

test('a key of the API with a spent budget is refused, until the budget is raised', async () => {
  for (const budget of ['token_budget', 'max_budget']) {
    const { key } = await paid.done('/key/generate', { [budget]: 0, models: ['priced'] });
    const ask = (): Promise<Response> =>
      paid.ask('/v1/chat/completions', {
        method: 'POST',
        headers: { authorization: `Bearer ${String(key)}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'priced', messages: [{ role: 'user', content: 'hi' }], max_tokens: 4 }),
      });
    const refused = await ask();
    assert.deepEqual([refused.status, refused.headers.get('x-should-retry')], [429, 'false'], budget);
    assert.equal(((await refused.json()) as { error: { code: string } }).error.code, 'insufficient_quota');
    await paid.done('/key/update', { key, [budget]: 100_000 });
    const answered = await ask();
    assert.equal(answered.status, 200, `${budget}: ${await answered.text()}`);
  }
});
