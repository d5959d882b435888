import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { quote, shellLine } from '../../src/core/shell.ts';

// Printed with NUL after each argument, so that every other byte may occur in one, and its number before them.
const PRINT = 'printf "%s\\0" "$#" "$@"';

/** Reads each line as the arguments of a command, all in one bash. */
function asBashReads(lines: readonly string[]): readonly (readonly string[])[] {
  const script = lines.map((line) => `set -- ${line}; ${PRINT}`).join('\n');
  const words = execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
  const read: (readonly string[])[] = [];
  while (words.length > 0) read.push(words.splice(0, Number(words.shift())));
  return read;
}

const argument = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', "'", '~', '=a', 'A=b', '$(id)', '`id`', '!!', '*', '-n', '\n', '\\', '"', '#', '{a,b}'),
);

test('a real shell reads back exactly what was quoted', () => {
  fc.assert(
    // Lone surrogates have no UTF-8 form, so no program can be given one.
    fc.property(
      fc.array(
        fc.array(
          argument.map((text) => text.replaceAll('\0', '').toWellFormed()),
          { maxLength: 20 },
        ),
        { minLength: 10, maxLength: 10 },
      ),
      (lists) => {
        assert.deepEqual(asBashReads(lists.map((argv) => argv.map(quote).join(' '))), lists);
      },
    ),
    // Ten lists in one bash: 200 lists.
    { numRuns: 20 },
  );
});

test('a program whose name looks like an assignment stays a program', () => {
  assert.equal(shellLine(['A=b', 'c d']), "'A=b' 'c d'");
});

test('plain arguments stay readable', () => {
  assert.equal(shellLine(['systemctl', 'restart', 'litellm.service']), 'systemctl restart litellm.service');
});

test('a NUL byte is refused', () => {
  assert.throws(() => quote('a\0b'), /NUL/);
});
