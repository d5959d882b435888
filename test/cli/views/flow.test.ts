import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { flow, oneLine } from '../../../src/cli/views/flow.ts';
import { printable } from '../../../src/core/printable.ts';

test('words are wrapped at the width, further lines hang', () => {
  const text = 'one two three four five six seven eight nine ten';
  assert.equal(
    flow([{ text: '✓' }, { text }], { indent: 2, hang: 4, columns: 30 }),
    '  ✓ one two three four five\n    six seven eight nine ten\n',
  );
});

test('a word that is longer than the line stays whole, and so does a command', () => {
  const path = '/a/very/long/path/that/does/not/fit/into/thirty/columns';
  assert.equal(flow([{ text: `see ${path} there` }], { indent: 0, hang: 2, columns: 30 }), `see\n  ${path}\n  there\n`);
  assert.equal(
    flow([{ text: 'sudo apt-get install -y something-long', whole: true }], { indent: 0, hang: 2, columns: 30 }),
    'sudo apt-get install -y something-long\n',
  );
});

test('line breaks of the text are kept, and colours do not count as width', () => {
  const paint = (word: string): string => `\u001B[31m${word}\u001B[39m`;
  assert.equal(
    flow([{ text: 'a b\nc', paint }], { indent: 0, hang: 1, columns: 80 }),
    `${paint('a')} ${paint('b')}\n ${paint('c')}\n`,
  );
});

test('without a limit of the width nothing is wrapped', () => {
  assert.equal(
    flow([{ text: 'word '.repeat(100) }], { indent: 0, hang: 2, columns: Number.POSITIVE_INFINITY })
      .trimEnd()
      .includes('\n'),
    false,
  );
});

test('no line is wider than the terminal unless a single word is', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 30, max: 100 }),
      (words, columns) => {
        const lines = flow([{ text: words.join(' ') }], { indent: 2, hang: 6, columns })
          .trimEnd()
          .split('\n');
        assert.ok(lines.every((line) => line.length <= columns));
        assert.deepEqual(
          lines.flatMap((line) => line.trim().split(' ')),
          words,
        );
      },
    ),
  );
});

test('output of a host cannot move the cursor, change the title or reverse the text', () => {
  assert.equal(
    printable('a\u001B[2Jb\u001B]0;title\u0007c\u001B]8;;http://x\u001B\\d\rE\u0000\u202Ef'),
    'abcd\uFFFDE\uFFFD\uFFFDf',
  );
  assert.equal(printable('a\r\nb\tc'), 'a\nb  c');
});

test('a line that is cut ends in an ellipsis', () => {
  assert.equal(oneLine('a\n b   c', 10), 'a b c');
  assert.equal(oneLine('abcdefghij klm', 8), 'abcdefg…');
});
