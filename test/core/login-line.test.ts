import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { loginLine, shellLine } from '../../src/core/shell.ts';

const SHELLS = ['dash', 'bash', 'zsh', 'ksh', 'tcsh', 'fish'].filter((shell) => existsSync(`/usr/bin/${shell}`));

// A NUL behind each argument, since no argument holds one.
const PRINT = 'printf "%s\\0" "$@"';

for (const shell of SHELLS)
  test(`${shell} as a login shell hands on every argument as it is, and the input too`, () => {
    const argument = fc.oneof(
      fc.string({ unit: fc.constantFrom(...Array.from('ab \'"\\!$`\n\t*?~#&;|<>(){}[]=%^,é')) }),
      fc.constantFrom("it's", '!!', 'a\nb', '$(echo x)', '~', '=x', '%1', '\\', "\\'", '{a,b}'),
    );
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 4 }), (given) => {
        const line = loginLine(['bash', '-c', `${PRINT}; cat`, 'x', ...given]);
        const out = execFileSync(`/usr/bin/${shell}`, ['-c', line], { input: 'in', encoding: 'utf8' });
        assert.equal(out, given.length === 0 ? '\0in' : `${given.map((text) => `${text}\0`).join('')}in`);
      }),
      { numRuns: 25 },
    );
  });

test('a line that every shell reads alike stays readable', () => {
  for (const argv of [['true'], ['sudo', '-n', 'true'], ['bash', '-c', 'echo "$x" > y']])
    assert.equal(loginLine(argv), shellLine(argv));
});
