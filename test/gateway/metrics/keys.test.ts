import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientKey } from '../../../src/gateway/keys/client-key.ts';
import { expositionParts } from '../../../src/gateway/metrics/exposition.ts';
import { KeyMetrics } from '../../../src/gateway/metrics/key-metrics.ts';
import type { AccessLogLine } from '../../../src/gateway/usage/access-log.ts';
import { startAdmin } from '../admin/stage.ts';
import { parseExposition } from './exposition-parser.ts';

const LINE = { status: 200, prompt_tokens: 5, completion_tokens: 2 } as AccessLogLine; // the rest is not read
const keyNamed = (alias: string): ClientKey => ({ alias }) as ClientKey; // likewise

function countKeys(count: number, mostKeys: () => number): ReturnType<typeof parseExposition> {
  const metrics = new KeyMetrics({
    mostKeys,
    ratiosOf: () => ({ limits: [['requests', 0.5]], budgets: [] }),
    keyExists: () => true,
  });
  for (let round = 0; round < 2; round += 1)
    for (let number = 0; number < count; number += 1)
      for (const limitedBy of [undefined, 'requests'])
        metrics.count(
          { ...LINE, status: limitedBy === undefined ? 200 : 429 },
          { key: keyNamed(`key ${String(number)}`), team: 'a', limitedBy },
        );
  return parseExposition([...expositionParts(metrics.metrics)].join(''));
}

const seriesOf = (families: ReturnType<typeof parseExposition>): number =>
  [...families.values()].reduce((sum, { samples }) => sum + samples.size, 0);

test('5,000 keys make no more series than 200, and no request is missing in their sum', () => {
  const [some, many] = [countKeys(200, () => 200), countKeys(5000, () => 200)];
  assert.equal(seriesOf(many), seriesOf(some));
  const requests = many.get('hxllm_key_requests_total')?.samples ?? new Map<string, number>();
  assert.equal(
    [...requests.values()].reduce((sum, value) => sum + value, 0),
    20_000,
  );
  assert.equal(requests.get('key=other,status=200,team=other'), 2 * 4800);
  assert.equal(requests.get('key=key 199,status=429,team=a'), 2);
  assert.equal(many.get('hxllm_metrics_keys_over_limit')?.samples.get(''), 1);
  assert.equal(some.get('hxllm_metrics_keys_over_limit')?.samples.get(''), 0);
  assert.equal(seriesOf(countKeys(5000, () => 0)), seriesOf(countKeys(1, () => 0)));
});

test('a key that gets another name or team is counted under it, within the same limit', () => {
  const metrics = new KeyMetrics({
    mostKeys: () => 2,
    ratiosOf: () => ({ limits: [], budgets: [] }),
    keyExists: () => true,
  });
  const key = keyNamed('a');
  for (const [asked, team] of [
    [key, 'x'],
    [key, 'y'],
    [keyNamed('b'), undefined],
  ] as const)
    metrics.count(LINE, { key: asked, team, limitedBy: undefined });
  const requests = parseExposition([...expositionParts(metrics.metrics)].join('')).get('hxllm_key_requests_total');
  assert.deepEqual(Object.fromEntries(requests?.samples ?? []), {
    'key=a,status=200,team=x': 1,
    'key=a,status=200,team=y': 1,
    'key=other,status=200,team=other': 1,
  });
});

test('a gateway shows the use of its keys, and what their limits refuse', async () => {
  const stage = await startAdmin({ metrics_max_keys: 2 });
  const make = async (body: object): Promise<string> => String((await stage.done('/key/generate', body))['key']);
  await stage.done('/team/new', { team_id: 'research', team_alias: 'Research', token_budget: 1_000_000 });
  const limited = await make({ key_alias: 'limited', team_id: 'research', rpm_limit: 2, tpm_limit: 10_000 });
  const spent = await make({ key_alias: 'spent', token_budget: 1 });
  const third = await make({ key_alias: 'third' });
  for (const key of [limited, limited, limited, spent, third])
    await (await stage.chat({ max_tokens: 16 }, { headers: { authorization: `Bearer ${key}` } })).text();
  const families = parseExposition(await (await stage.ask('/metrics')).text());
  const read = (name: string): object => Object.fromEntries(families.get(name)?.samples ?? []);
  assert.deepEqual(read('hxllm_key_requests_total'), {
    'key=limited,status=200,team=Research': 2,
    'key=limited,status=429,team=Research': 1,
    'key=other,status=200,team=other': 1,
    'key=other,status=429,team=other': 0,
    'key=spent,status=429,team=': 1,
  });
  assert.deepEqual(read('hxllm_limited_total'), {
    'key=limited,kind=requests': 1,
    'key=other,kind=requests': 0,
    'key=spent,kind=budget': 1,
    'key=other,kind=budget': 0,
  });
  const tokens = families.get('hxllm_key_tokens_total')?.samples;
  assert.deepEqual(
    [tokens?.get('key=limited,team=Research,type=prompt'), tokens?.get('key=limited,team=Research,type=completion')],
    [10, 4],
  );
  const ratios = families.get('hxllm_key_limit_ratio')?.samples;
  assert.equal(ratios?.get('key=limited,kind=requests'), 1);
  assert.equal(ratios.get('key=limited,kind=tokens'), 14 / 10_000);
  const budgets = families.get('hxllm_budget_used_ratio')?.samples;
  assert.deepEqual(
    [budgets?.get('name=spent,scope=key'), budgets?.get('name=Research,scope=team')],
    [0, 14 / 1_000_000],
  );
});

test('keys that were deleted or renamed make room for others, and their series end', async () => {
  const stage = await startAdmin({ metrics_max_keys: 2 });
  const make = async (key_alias: string): Promise<string> =>
    String((await stage.done('/key/generate', { key_alias, rpm_limit: 1 }))['key']);
  const named = async (key: string): Promise<readonly string[]> => {
    for (let turn = 0; turn < 2; turn += 1)
      await (await stage.chat({}, { headers: { authorization: `Bearer ${key}` } })).text();
    const text = await (await stage.ask('/metrics')).text();
    return [...new Set([...text.matchAll(/key="([^"]*)"/g)].map(([, name = '']) => name))].toSorted();
  };
  const [first, second] = [await make('first'), await make('second')];
  assert.deepEqual(await named(first), ['first', 'other']);
  assert.deepEqual(await named(second), ['first', 'other', 'second']);
  assert.deepEqual(await named(await make('third')), ['first', 'other', 'second']);
  await stage.done('/key/delete', { keys: [first] });
  assert.deepEqual(await named(await make('fourth')), ['fourth', 'other', 'second']);
  await stage.done('/key/update', { key: second, key_alias: 'renamed' });
  assert.deepEqual(await named(second), ['fourth', 'other', 'renamed']);
  // A name that is free again is the new key's.
  await stage.done('/key/delete', { key_aliases: ['renamed'] });
  assert.deepEqual(await named(await make('renamed')), ['fourth', 'other', 'renamed']);
});
