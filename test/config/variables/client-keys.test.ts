import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKeyHash, newApiKey } from '../../../src/core/api-key.ts';
import { parse } from 'yaml';
import { buildGatewayConfig, writeGatewayConfig } from '../../../src/render/gateway-yaml.ts';
import { readGatewayConfig } from '../../../src/schema/gateway-config.ts';
import { problemsOf, Tree } from '../tree.ts';
import { MAIN } from './judged.ts';

const HASH = apiKeyHash('sk-one');
const REST =
  'litellm_models: [{name: m, model: "m:1", access_groups: [small]}]\nlitellm_backends: ["http://a:11434"]\n';

async function problemsIn(text: string): Promise<ReturnType<typeof problemsOf>> {
  using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nh\n', [MAIN]: text });
  return problemsOf(await tree.load());
}

test('the keys of group_vars are those that the gateway reads', async () => {
  const text = `${REST}litellm_keys:
  - {alias: one, hash: "${HASH.toUpperCase()}"}
  - alias: two
    hash: ${apiKeyHash('sk-two')}
    expires: 2027-01-01
    blocked: yes
    team: research
    models: [m, small, "m*", all-team-models]
    rpm_limit: 60
    tpm_limit: 20000
    model_rpm_limit: {m: 5}
    model_tpm_limit: {m: "700"}
    max_parallel_requests: "4"
    trust_user_headers: yes
    token_budget: 5000000
    max_budget: "0.5"
    budget_duration: 30d
litellm_end_user_limits: {rpm_limit: 20, tpm_limit: "900"}
litellm_user_headers: [X-Forwarded-Email]
litellm_teams:
  - {alias: research, models: [m], blocked: true, rpm_limit: 600, tpm_limit: 9}
`;
  using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nh\n', [MAIN]: text });
  const loaded = await tree.load();
  assert.ok(loaded.ok);
  const [host] = loaded.value.hosts;
  assert.ok(host !== undefined);
  const built = buildGatewayConfig(host.settings);
  assert.ok(built.ok);
  const document: unknown = parse(writeGatewayConfig(built.value, '/schema.json'));
  const { config, issues } = readGatewayConfig(document, { environment: { LITELLM_MASTER_KEY: 'sk-placeholder' } });
  assert.deepEqual(issues, []);
  assert.deepEqual(config?.keys, [
    {
      alias: 'one',
      hash: HASH,
      expiresMs: undefined,
      blocked: false,
      models: [],
      team: undefined,
      limits: { perMinute: undefined, tokensPerMinute: undefined, parallel: undefined },
    },
    {
      alias: 'two',
      hash: apiKeyHash('sk-two'),
      expiresMs: Date.UTC(2027, 0),
      blocked: true,
      models: ['m', 'small', 'm*', 'all-team-models'],
      team: 'research',
      limits: { perMinute: 60, tokensPerMinute: 20_000, parallel: 4 },
      modelLimits: new Map([['m', { perMinute: 5, tokensPerMinute: 700 }]]),
      budget: { tokens: 5_000_000, money: 0.5, duration: { count: 30, unit: 'd' } },
      trustsUserHeaders: true,
    },
  ]);
  assert.deepEqual(config?.endUserLimits, { perMinute: 20, tokensPerMinute: 900, parallel: undefined });
  assert.deepEqual(config.userHeaders, ['x-forwarded-email']);
  assert.deepEqual(config.teams, [
    {
      alias: 'research',
      models: ['m'],
      blocked: true,
      limits: { perMinute: 600, tokensPerMinute: 9, parallel: undefined },
    },
  ]);
  assert.deepEqual(config?.groups[0]?.deployments[0].listed.info['access_groups'], ['small']);
});

test('no keys are no entry in config.yaml; an empty list is what is left of the last one', async () => {
  for (const text of ['', 'litellm_keys: []\n']) {
    using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nh\n', [MAIN]: REST + text });
    const loaded = await tree.load();
    assert.ok(loaded.ok);
    const built = buildGatewayConfig(loaded.value.hosts[0]?.settings ?? assert.fail());
    assert.ok(built.ok);
    assert.ok(!('keys' in (built.value.hxllm ?? {})));
  }
});

for (const [what, keys, found] of [
  ['a text', 'litellm_keys: one\n', 'variables.wrong-value 1 litellm_keys'],
  ['an entry that is a text', 'litellm_keys:\n  - one\n', 'variables.wrong-value 2 litellm_keys[0]'],
  ['no hash', 'litellm_keys:\n  - {alias: one}\n', 'variables.wrong-value 2 litellm_keys[0]'],
  ['no alias', `litellm_keys:\n  - {hash: "${HASH}"}\n`, 'variables.wrong-value 2 litellm_keys[0]'],
  ['a short hash', 'litellm_keys:\n  - alias: a\n    hash: abc\n', 'variables.wrong-value 3 litellm_keys[0].hash'],
  [
    'a misspelled key',
    `litellm_keys:\n  - {alias: one, hash: "${HASH}", expiers: "2027-01-01"}\n`,
    'variables.unknown 2 litellm_keys[0].expiers',
  ],
  [
    'a day that does not exist',
    `litellm_keys:\n  - {alias: one, hash: "${HASH}", expires: "2027-02-30"}\n`,
    'variables.wrong-value 2 litellm_keys[0].expires',
  ],
  [
    'a name of the gateway’s',
    `litellm_keys:\n  - {alias: anyone, hash: "${HASH}"}\n`,
    'variables.wrong-value 2 litellm_keys[0].alias',
  ],
  [
    'an alias twice',
    `litellm_keys:\n  - {alias: a, hash: "${HASH}"}\n  - {alias: a, hash: "${apiKeyHash('sk-b')}"}\n`,
    'variables.wrong-value 3 litellm_keys[1].alias',
  ],
  [
    'a hash twice',
    `litellm_keys:\n  - {alias: a, hash: "${HASH}"}\n  - {alias: b, hash: "${HASH.toUpperCase()}"}\n`,
    'variables.wrong-value 3 litellm_keys[1].hash',
  ],
  [
    'a limit of nothing',
    `litellm_keys:\n  - {alias: a, hash: "${HASH}", rpm_limit: 0}\n`,
    'variables.wrong-value 2 litellm_keys[0].rpm_limit',
  ],
  [
    'a limit of a model that is nothing',
    `litellm_keys:\n  - {alias: a, hash: "${HASH}", model_tpm_limit: {m: 0}}\n`,
    'variables.wrong-value 2 litellm_keys[0].model_tpm_limit.m',
  ],
  [
    'a limit of a model that does not exist',
    `${REST}litellm_keys:\n  - {alias: a, hash: "${HASH}", model_rpm_limit: {mm: 4}}\n`,
    'variables.wrong-value 4 litellm_keys[0].model_rpm_limit.mm',
  ],
  [
    'limits of models in a list',
    `litellm_keys:\n  - {alias: a, hash: "${HASH}", model_rpm_limit: [4]}\n`,
    'variables.wrong-value 2 litellm_keys[0].model_rpm_limit',
  ],
  [
    'a budget that is no amount',
    `litellm_keys:\n  - {alias: a, hash: "${HASH}", max_budget: much}\n`,
    'variables.wrong-value 2 litellm_keys[0].max_budget',
  ],
  [
    'a period that does not exist',
    `litellm_keys:\n  - {alias: a, hash: "${HASH}", token_budget: 5, budget_duration: 1y}\n`,
    'variables.wrong-value 2 litellm_keys[0].budget_duration',
  ],
  [
    'a limit of users that is nothing',
    'litellm_end_user_limits: {rpm_limit: 0}\n',
    'variables.wrong-value 1 litellm_end_user_limits.rpm_limit',
  ],
  ['limits of users in a list', 'litellm_end_user_limits: [20]\n', 'variables.wrong-value 1 litellm_end_user_limits'],
  ['a header with a colon', 'litellm_user_headers: ["X-Email:"]\n', 'variables.wrong-value 1 litellm_user_headers[0]'],
  ['a team that is a text', 'litellm_teams: [research]\n', 'variables.wrong-value 1 litellm_teams[0]'],
  ['a team without a name', 'litellm_teams:\n  - {models: [m]}\n', 'variables.wrong-value 2 litellm_teams[0]'],
  [
    'a model that does not exist',
    `${REST}litellm_keys:\n  - {alias: a, hash: "${HASH}", models: [m, mm]}\n`,
    'variables.wrong-value 4 litellm_keys[0].models[1]',
  ],
  [
    'an empty list of models, which would mean all',
    `litellm_keys:\n  - {alias: a, hash: "${HASH}", models: []}\n`,
    'variables.wrong-value 2 litellm_keys[0].models',
  ],
  [
    'the models of a team without a team',
    `${REST}litellm_keys:\n  - {alias: a, hash: "${HASH}", models: [all-team-models]}\n`,
    'variables.wrong-value 4 litellm_keys[0].models[0]',
  ],
  [
    'a team that does not exist',
    `litellm_teams: [{alias: research}]\nlitellm_keys:\n  - {alias: a, hash: "${HASH}", team: reserach}\n`,
    'variables.wrong-value 3 litellm_keys[0].team',
  ],
] as const)
  test(`${what} is refused with its line`, async () => {
    const problems = await problemsIn(keys);
    assert.deepEqual(
      problems.map(({ code, where }) => `${code} ${String(where?.line)} ${where?.path ?? ''}`),
      [found],
    );
  });

test('a key in the place of its hash is not shown', async () => {
  const key = newApiKey();
  for (const text of [`[${key}]`, `[{alias: a, hash: ${key}}]`, `[{alias: ${key}, hash: "${HASH}"}]`, key]) {
    const problems = await problemsIn(`litellm_keys: ${text}\n`);
    assert.ok(problems.length > 0);
    assert.ok(!JSON.stringify(problems).includes(key.slice(6)), JSON.stringify(problems));
  }
});
