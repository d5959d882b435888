import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../../src/config/python/configparser.ts';

interface Recorded {
  readonly text: string;
  /** The options that Python's configparser reads with `;` for comments; absent where it refuses the text. */
  readonly sections?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

// Written by fixtures/record.py.
const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/configparser.json'), 'utf8'),
) as readonly Recorded[];

test('every recorded text is read as Python’s configparser reads it, or refused as there', () => {
  for (const { text, sections } of recorded) {
    const parsed = parseConfig(text);
    if (sections === undefined) assert.notEqual(parsed.errors.length, 0, text);
    else {
      assert.deepEqual(parsed.errors, [], text);
      const ours = [...parsed.sections]
        .filter(([name]) => name !== 'DEFAULT')
        .map(([name, entries]) => [name, Object.fromEntries([...entries].map(([key, entry]) => [key, entry.text]))]);
      assert.deepEqual(Object.fromEntries(ours), sections, text);
    }
  }
  assert.ok(recorded.length > 200);
});

test('an option has the number of its own line, not of its last one', () => {
  const { sections } = parseConfig('# head\n[defaults]\n\ninventory =\n   a\nforks = 5\n');
  assert.deepEqual(sections.get('defaults')?.get('inventory'), { text: 'a', line: 4 });
  assert.deepEqual(sections.get('defaults')?.get('forks'), { text: '5', line: 6 });
});

test('a refused line has its number, the expected and the found text', () => {
  assert.deepEqual(parseConfig('[defaults]\nfoo\n').errors, [
    { line: 2, expected: '[section] or name = value', found: 'foo' },
  ]);
});
