import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { quote, shellLine } from '../../src/core/shell.ts';

// Printed with NUL after each argument, so that every other byte may occur in one.
const PRINT = 'for a in "$@"; do printf "%s\\0" "$a"; done';

function asBashReads(argumentsLine: string): readonly string[] {
  const out = execFileSync('bash', ['-c', `set -- ${argumentsLine}; ${PRINT}`], { encoding: 'utf8' });
  return out.split('\0').slice(0, -1);
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
        argument.map((text) => text.replaceAll('\0', '').toWellFormed()),
        { maxLength: 20 },
      ),
      (argv) => {
        assert.deepEqual(asBashReads(argv.map(quote).join(' ')), argv);
      },
    ),
    { numRuns: 150 },
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
