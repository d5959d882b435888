import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enforceCommand } from '../../../src/cli/commands/enforce.ts';

/** The message of a wrong command line, or the word `started`. */
async function errorOf(...argv: readonly string[]): Promise<string> {
  let message = 'started';
  const command = enforceCommand(() => Promise.resolve(undefined))
    .exitOverride()
    .configureOutput({ writeErr: (text) => void (message = text) });
  await command.parseAsync(argv, { from: 'user' }).catch(() => undefined);
  return message;
}

test('options that cannot stand together are refused before anything starts', async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['--out plan.json', /--out saves the plan of a dry run: add --dry-run/],
    ['--plan p --dry-run --out p', /give one of them/],
    ['--plan p --take-over', /--take-over is part of a plan/],
    ['--plan p --allow-downgrade', /--allow-downgrade is part of a plan/],
    ['--forks 0', /Expected a number from 1 to 10000/],
    ['--forks x', /Expected a number from 1 to 10000/],
    ['--serial 0', /Expected a number from 1 to 10000/],
    ['--serial 1.5', /Expected a number from 1 to 10000/],
  ];
  for (const [words, message] of cases) assert.match(await errorOf(...words.split(' ')), message, words);
  const fine = ['--dry-run --out p', '--check --out p', '--plan p', '--plan p --dry-run', '--forks 3 --serial 2'];
  for (const words of fine) assert.equal(await errorOf(...words.split(' ')), 'started', words);
});
