import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readArray, readCsv } from '../../../src/cli/keys/csv.ts';
import { fieldsOfRow } from '../../../src/cli/keys/litellm-rows.ts';

test('CSV is read as PostgreSQL writes it', () => {
  assert.deepEqual(readCsv('a,b,c\n1,,"x ""y"", z"\r\n"","two\nlines",3\n'), [
    { a: '1', b: undefined, c: 'x "y", z' },
    { a: '', b: 'two\nlines', c: '3' },
  ]);
  assert.deepEqual(readCsv('\uFEFFa,b\n1,'), [{ a: '1', b: undefined }]);
  assert.deepEqual(readCsv('a,b'), []);
  assert.deepEqual(readCsv(''), []);
  assert.deepEqual(readCsv('a,b\n1,x"y\n'), { line: 2 });
  assert.deepEqual(readCsv('a,b\n1,"open\n'), { line: 2 });
});

test('arrays are read as PostgreSQL and as JSON write them', () => {
  assert.deepEqual(readArray('{}'), []);
  assert.deepEqual(readArray('{a,"b c","d\\"e\\\\",/v1/*}'), ['a', 'b c', 'd"e\\', '/v1/*']);
  assert.deepEqual(readArray('["a","b"]'), ['a', 'b']);
  for (const wrong of ['a', '{a', '{a,,b}', '[1]', '[', '{"a}']) assert.equal(readArray(wrong), undefined, wrong);
});

test('a row of LiteLLM becomes the fields of a call; columns that mean nothing here are named', () => {
  const left = new Set<string>();
  const row = {
    token: 'ab'.repeat(32),
    expires: '2027-01-02 03:04:05.678',
    models: '{phi3,all-team-models}',
    metadata: '{"tags": ["a"]}',
    blocked: 'f',
    rpm_limit: '60',
    max_budget: '1.5',
    team_id: 't',
    config: '{}',
    created_at: '2025-01-01 00:00:00',
    model_spend: '{}',
    soft_budget_cooldown: 'f',
    members_with_roles: '{}',
    user_id: undefined,
  };
  assert.deepEqual(fieldsOfRow(row, left), {
    token: 'ab'.repeat(32),
    expires: '2027-01-02T03:04:05.678Z',
    models: ['phi3', 'all-team-models'],
    metadata: { tags: ['a'] },
    blocked: false,
    rpm_limit: 60,
    max_budget: 1.5,
    team_id: 't',
    config: {},
  });
  assert.deepEqual([...left], ['created_at']);
  assert.deepEqual(fieldsOfRow({ expires: '2027-01-02 03:04:05+00' }, left), { expires: '2027-01-02T03:04:05+00:00' });
  for (const [name, value] of [
    ['rpm_limit', 'many'],
    ['models', 'phi3'],
    ['metadata', '{'],
    ['blocked', 'maybe'],
  ] as const)
    assert.deepEqual(fieldsOfRow({ [name]: value }, left), { wrong: name });
});
