import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKeyHash, newApiKey } from '../../src/core/api-key.ts';
import { entry, good, issuesOf, read } from './reading.ts';

const MASTER = { general_settings: { master_key: 'sk-0123456789abcdef0123' } };
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
    { alias: 'one', hash: HASH, expiresMs: undefined, blocked: false },
    { alias: 'two', hash: apiKeyHash('sk-two'), expiresMs: Date.UTC(2027, 0), blocked: true },
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
