import assert from 'node:assert/strict';
import { test } from 'node:test';
import { driftDocument, driftDocumentSchema, driftLines, type DriftedHost } from '../../../src/cli/views/drift.ts';
import { createPaint } from '../../../src/cli/views/paint.ts';
import { assertValid, schemaErrors } from '../../json-schema.ts';

const HOSTS: readonly DriftedHost[] = [
  { host: 'one', deployment: 3, drift: [] },
  {
    host: 'two',
    deployment: 12,
    drift: [{ kind: 'unit', subject: 'litellm.socket', expected: 'enabled', found: 'disabled' }],
  },
];

test('hosts that differ are shown with the command that corrects them, and the others not at all', () => {
  assert.deepEqual(driftLines(HOSTS, createPaint({ LANG: 'C', NO_COLOR: '1' }, false), false), [
    'two  differs from deployment 12',
    '  FAILED litellm.socket: expected enabled, found disabled',
    '  to correct it: hxllm enforce --limit two',
  ]);
});

test('a person reads a line of each host', () => {
  const lines = driftLines(HOSTS, createPaint({ LANG: 'C.UTF-8', NO_COLOR: '1' }, true), true);
  assert.deepEqual(lines.slice(0, 2), ['one  ✓ is as deployment 3 was applied', 'two  differs from deployment 12']);
});

test('the document is as its schema says, and the schema refuses a kind that it does not list', () => {
  const problem = { code: 'drift.no-record', summary: 's', detail: 'd', fix: 'f', where: { host: 'three' } };
  const document = driftDocument('1.2.3', HOSTS, [problem]);
  assertValid(driftDocumentSchema(), document);
  const other = JSON.stringify(document).replace('"kind":"unit"', '"kind":"units"');
  assert.notDeepEqual(schemaErrors(driftDocumentSchema(), JSON.parse(other)), []);
});
