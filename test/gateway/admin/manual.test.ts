import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ADMIN_FIELDS } from '../../../src/gateway/admin/fields.ts';
import { startAdmin } from './stage.ts';

const page = readFileSync(join(import.meta.dirname, '../../../src/docs/operations.md'), 'utf8');
const quoted = (text: string): readonly string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

test('the manual names the fields of a key that have an effect, all of them and no other', () => {
  const sentence = /With effect are ([^.]+)\./.exec(page)?.[1] ?? '';
  const working = Object.entries(ADMIN_FIELDS.key).flatMap(([name, { works }]) => (works ? [name] : []));
  assert.deepEqual(quoted(sentence).toSorted(), working.toSorted());
});

test('each call that the manual names exists', async () => {
  const stage = await startAdmin();
  const table = /\| call \| does \|\n([^]*?)\n\n/.exec(page)?.[1] ?? '';
  const calls = table.split('\n').flatMap((row) => {
    const [first = '', ...others] = quoted(row.split(' | ')[0] ?? '');
    const folder = first.slice(0, first.lastIndexOf('/') + 1);
    return [first, ...others]
      .filter((name) => !name.startsWith('-'))
      .map((name) => (name.startsWith('/') ? name : folder + name));
  });
  assert.ok(calls.length > 25, calls.join(' '));
  for (const call of calls) {
    const path = call.replace('{key}', 'sk-of-nobody-at-all');
    const statuses = await Promise.all(
      [{}, { method: 'POST', body: '{}' }].map(async (init) => (await stage.ask(path, init)).status),
    );
    assert.ok(statuses.includes(405) && statuses.some((status) => status !== 405), `${call}: ${statuses.join(' ')}`);
  }
});
