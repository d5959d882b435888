import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgram } from '../../src/cli/program.ts';

const program = await createProgram(
  '0.0.0',
  () => Promise.resolve(),
  () => Promise.resolve(),
);

test('a wrong option of each command, and of each command of a command, is answered with the command for its help', async () => {
  const commands = program.commands.flatMap((command) =>
    command.commands.length === 0 ? [[command.name()]] : command.commands.map((one) => [command.name(), one.name()]),
  );
  assert.ok(commands.some((words) => words.length === 2));
  const without: string[] = [];
  for (const words of commands.filter(([name = '']) => !['gateway', 'sim', 'help'].includes(name))) {
    const [name = '', ...rest] = words;
    const command = program.commands.find((one) => one.name() === name);
    let told = '';
    for (const one of [command, ...(command?.commands ?? [])])
      one?.configureOutput({ writeErr: (text) => void (told += text) });
    await assert.rejects(program.parseAsync([name, ...rest, '--no-such-option'], { from: 'user' }));
    if (!told.includes(`Try: hxllm ${words.join(' ')} --help`)) without.push(`${words.join(' ')}: ${told}`);
  }
  assert.deepEqual(without, []);
});
