import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKeyHash, newApiKey } from '../../src/core/api-key.ts';
import { pathText } from '../../src/schema/issue.ts';
import { lintConfig } from '../../src/schema/lint.ts';
import { entry, good, issuesOf, read } from './reading.ts';

const MASTER = { general_settings: { master_key: 'sk-0123456789abcdef0123' } };
const NONE = { perMinute: undefined, tokensPerMinute: undefined, parallel: undefined };
const HASH = apiKeyHash('sk-one');

function issuesWith(...keys: readonly unknown[]): readonly string[] {
  return issuesOf({ ...MASTER, hxllm: { keys } });
}

test('keys are read with their defaults; hashes may be in capitals', () => {
  const keys = [
    { alias: 'one', hash: HASH.toUpperCase() },
    { alias: 'two', hash: apiKeyHash('sk-two'), expires: '2027-01-01', blocked: 'yes' },
  ];
  assert.deepEqual(good({ ...MASTER, hxllm: { keys } }).keys, [
    { alias: 'one', hash: HASH, expiresMs: undefined, blocked: false, models: [], team: undefined, limits: NONE },
    {
      alias: 'two',
      hash: apiKeyHash('sk-two'),
      expiresMs: Date.UTC(2027, 0),
      blocked: true,
      models: [],
      team: undefined,
      limits: NONE,
    },
  ]);
  assert.deepEqual(good(MASTER).keys, []);
  assert.deepEqual(good({ hxllm: { keys: [] } }).keys, []);
});

test('a wrong key refuses the file, with its place', () => {
  for (const [keys, ...issues] of [
    [['x'], 'error config.wrong-value hxllm.keys[0]'],
    [[{ alias: 'a' }], 'error config.missing hxllm.keys[0].hash'],
    [[{ hash: HASH }], 'error config.missing hxllm.keys[0].alias'],
    [[{ alias: 'a', hash: 'ab' }], 'error config.wrong-value hxllm.keys[0].hash'],
    [[{ alias: 'a', hash: newApiKey() }], 'error config.wrong-value hxllm.keys[0].hash'],
    [[{ alias: 'master', hash: HASH }], 'error config.wrong-value hxllm.keys[0].alias'],
    [[{ alias: 'a', hash: HASH, expires: '2027-02-30' }], 'error config.wrong-value hxllm.keys[0].expires'],
    [[{ alias: 'a', hash: HASH, blocked: 'perhaps' }], 'error config.wrong-value hxllm.keys[0].blocked'],
    [[{ alias: 'a', hash: HASH, blockd: true }], 'warning config.unknown-key hxllm.keys[0].blockd'],
    [
      [
        { alias: 'a', hash: HASH },
        { alias: 'a', hash: apiKeyHash('sk-two') },
      ],
      'error config.repeated-key hxllm.keys[1].alias',
    ],
    [
      [
        { alias: 'a', hash: HASH },
        { alias: 'b', hash: HASH },
      ],
      'error config.repeated-key hxllm.keys[1].hash',
    ],
    [
      [{ alias: 'a', hash: apiKeyHash(MASTER.general_settings.master_key) }],
      'error config.repeated-key hxllm.keys[0].hash',
    ],
  ] as const)
    assert.deepEqual(issuesWith(...keys), issues, JSON.stringify(keys));
});

test('keys without a master key refuse the file: every caller would be let in', () => {
  assert.deepEqual(issuesOf({ hxllm: { keys: [{ alias: 'a', hash: HASH }] } }), [
    'error config.keys-without-master hxllm.keys',
  ]);
});

test('a key that stands in a wrong place is not shown', () => {
  const key = newApiKey();
  for (const keys of [
    key,
    [key],
    [{ alias: key, hash: HASH }],
    [{ alias: 'a', hash: key }],
    [{ alias: 'a', hash: HASH, expires: key }],
  ]) {
    const { issues } = read({ model_list: [entry()], ...MASTER, hxllm: { keys } });
    assert.ok(issues.length > 0);
    assert.ok(!JSON.stringify(issues).includes(key.slice(6)), JSON.stringify(issues));
  }
});

test('keys name models and a team that exists', () => {
  const config = good({
    ...MASTER,
    hxllm: {
      keys: [
        {
          alias: 'one',
          hash: HASH,
          models: ['m', 'all-team-models'],
          team: 'research',
          rpm_limit: 5,
          tpm_limit: 900,
          model_rpm_limit: { m: 3 },
        },
      ],
      teams: [{ alias: 'research', models: ['m*'], blocked: true, max_parallel_requests: '2' }],
    },
  });
  assert.partialDeepStrictEqual(config.keys[0], { models: ['m', 'all-team-models'], team: 'research' });
  assert.deepEqual(config.keys[0]?.modelLimits, new Map([['m', { perMinute: 3 }]]));
  assert.deepEqual(config.keys[0]?.limits, { perMinute: 5, tokensPerMinute: 900, parallel: undefined });
  const limits = { perMinute: undefined, tokensPerMinute: undefined, parallel: 2 };
  assert.deepEqual(config.teams, [{ alias: 'research', models: ['m*'], blocked: true, limits }]);
});

test('a wrong team, and a wrong name of a model, refuse the file with their place', () => {
  const key = { alias: 'a', hash: HASH };
  const teams = [{ alias: 'research' }];
  for (const [hxllm, ...issues] of [
    [{ keys: [{ ...key, team: 'reserach' }], teams }, 'error config.team hxllm.keys[0].team'],
    [{ keys: [{ ...key, team: 'research' }] }, 'error config.team hxllm.keys[0].team'],
    [{ keys: [{ ...key, models: ['all-team-models'] }], teams }, 'error config.team hxllm.keys[0].models'],
    [{ keys: [{ ...key, models: 'm' }] }, 'error config.wrong-value hxllm.keys[0].models'],
    [{ keys: [{ ...key, models: ['m', 7] }] }, 'error config.wrong-value hxllm.keys[0].models[1]'],
    [{ keys: [{ ...key, rpm_limit: 0 }] }, 'error config.wrong-value hxllm.keys[0].rpm_limit'],
    [{ keys: [{ ...key, model_tpm_limit: { m: 0 } }] }, 'error config.wrong-value hxllm.keys[0].model_tpm_limit.m'],
    [{ keys: [{ ...key, model_tpm_limit: 5 }] }, 'error config.wrong-value hxllm.keys[0].model_tpm_limit'],
    [{ keys: [{ ...key, model_tpm_limit: { nowhere: 5 } }] }, 'warning config.unknown-model hxllm.keys[0]'],
    [{ keys: [{ ...key, token_budget: 0 }] }, 'error config.wrong-value hxllm.keys[0].token_budget'],
    [{ keys: [{ ...key, max_budget: -1 }] }, 'error config.wrong-value hxllm.keys[0].max_budget'],
    [{ teams: [{ alias: 'a', budget_duration: '1y' }] }, 'error config.wrong-value hxllm.teams[0].budget_duration'],
    [{ keys: [{ ...key, tpm_limit: '1k' }] }, 'error config.wrong-value hxllm.keys[0].tpm_limit'],
    [{ teams: [{ alias: 'a', rpm_limit: 1.5 }] }, 'error config.wrong-value hxllm.teams[0].rpm_limit'],
    [{ teams: ['research'] }, 'error config.wrong-value hxllm.teams[0]'],
    [{ teams: [{}] }, 'error config.missing hxllm.teams[0].alias'],
    [{ teams: [...teams, ...teams] }, 'error config.repeated-key hxllm.teams[1].alias'],
    [{ teams: [{ alias: 'a', models: ['all-team-models'] }] }, 'error config.wrong-value hxllm.teams[0].models'],
  ] as const)
    assert.deepEqual(issuesOf({ ...MASTER, hxllm }), issues, JSON.stringify(hxllm));
});

test('a name in models that allows nothing is a finding, with the name that was meant', () => {
  const model_list = [entry({}, { model_name: 'phi3-3.8b', model_info: { access_groups: ['small'] } })];
  const keys = [
    { alias: 'a', hash: HASH, models: ['phi3-3.8b', 'small', 'phi3*', 'ollama_chat/phi3:mini', 'no-default-models'] },
    { alias: 'b', hash: apiKeyHash('sk-two'), models: ['phi3-3.8', 'llama*'] },
  ];
  const config = good({ ...MASTER, model_list, hxllm: { keys } });
  assert.deepEqual(
    lintConfig(config).map(({ code, path, fix }) => `${code} ${pathText(path)}: ${fix}`),
    [
      'lint.keys hxllm.keys[1].models[0]: set hxllm.keys[1].models[0] to phi3-3.8b',
      'lint.keys hxllm.keys[1].models[1]: correct hxllm.keys[1].models[1], or remove it',
    ],
  );
});

test('limits of users and their headers are read, and judged', () => {
  const { endUserLimits, userHeaders, keys } = good({
    general_settings: { ...MASTER.general_settings, user_header_mappings: [{ header_name: 'X-Email' }] },
    hxllm: { end_user_limits: { rpm_limit: 3 }, keys: [{ alias: 'one', hash: HASH, trust_user_headers: true }] },
  });
  assert.deepEqual([endUserLimits?.perMinute, userHeaders, keys[0]?.trustsUserHeaders], [3, ['x-email'], true]);
  assert.equal(good({ ...MASTER, hxllm: { end_user_limits: {} } }).endUserLimits, undefined);
  const wrong = {
    general_settings: { ...MASTER.general_settings, user_header_mappings: [{ header_name: 'X Email' }, 'X-Email'] },
    hxllm: { end_user_limits: { rpm_limit: 0 } },
  };
  assert.deepEqual(issuesOf(wrong), [
    'error config.wrong-value hxllm.end_user_limits.rpm_limit',
    'error config.wrong-value general_settings.user_header_mappings[0]',
    'error config.wrong-value general_settings.user_header_mappings[1]',
  ]);
});
