import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diffLines } from '../../src/core/line-diff.ts';

test('changed lines are shown with two lines of context, without the rest', () => {
  const before = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].join('\n');
  assert.equal(diffLines(before, before.replace('e', 'E')).split('\n').join('|'), '  …|  c|  d|- e|+ E|  f|  g|  …');
});

test('every line of a new file is added', () => {
  assert.equal(diffLines('', 'a\nb\n'), '+ a\n+ b');
});

test('the removed and added lines turn the old text into the new one', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(text, text, (old, desired) => {
      // So short that no line is left out of the middle: two changes are at most four lines apart.
      const lines = diffLines(old.join('\n'), desired.join('\n'))
        .split('\n')
        .filter((line) => line !== '' && line !== '  …');
      const side = (sign: string): readonly string[] =>
        lines.filter((line) => !line.startsWith(sign)).map((line) => line.slice(2));
      assert.ok(old.join('').includes(side('+').join('')), lines.join('|'));
      assert.ok(desired.join('').includes(side('-').join('')), lines.join('|'));
      assert.equal(lines.length === 0, old.join() === desired.join());
    }),
  );
});

test('one changed line of a file of a megabyte is one removed and one added line', () => {
  const lines = Array.from(
    { length: 20_000 },
    (_, index) => `  - model_name: alias-${String(index)} # ${'x'.repeat(30)}`,
  );
  const changed = lines.with(9_000, 'another').join('\n');
  const shown = diffLines(lines.join('\n'), changed).split('\n');
  assert.deepEqual(
    [shown.filter((line) => line.startsWith('-')).length, shown.filter((line) => line.startsWith('+')).length],
    [1, 1],
  );
});

test('changes at both ends and in the middle of a long file are shown alone', () => {
  const lines = Array.from({ length: 30_000 }, (_, index) => (index % 3 === 0 ? 'same' : `line ${String(index)}`));
  const changed = ['first', ...lines.with(15_000, 'middle'), 'last'];
  const shown = diffLines(lines.join('\n'), changed.join('\n')).split('\n');
  assert.deepEqual(
    shown.filter((line) => /^[-+]/.test(line)),
    ['+ first', `- ${lines[15_000] ?? ''}`, '+ middle', '+ last'],
  );
});

test('long texts with nothing in common are removed and added', () => {
  const shown = diffLines('a\n'.repeat(5000), 'b\n'.repeat(5000)).split('\n');
  assert.equal(shown.length, 10_000);
});
