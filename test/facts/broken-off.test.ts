import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../../src/facts/ask.ts';
import type { Answer, Facts, Question, Questions } from '../../src/facts/question.ts';
import { createLocalHost } from '../../src/remote/local/host.ts';

const host = createLocalHost('here', { PATH: process.env['PATH'] ?? '', SHLVL: '1' });
const text = (script: string, part: Partial<Question<string>> = {}): Question<string> => ({
  script,
  as: 'user',
  parse: ({ stdout }) => stdout,
  ...part,
});

async function facts<Q extends Questions>(questions: Q): Promise<Facts<Q>> {
  const asked = await ask(host, questions, 'nonce-7', {
    become: 'none',
    signal: new AbortController().signal,
    timeoutMs: 30_000,
  });
  assert.ok(asked.ok, JSON.stringify(asked));
  return asked.value;
}

test('an answer without end is cut, and the others are whole', async () => {
  const found = await facts({
    flood: {
      script: 'cat /dev/zero',
      as: 'user',
      parse: ({ stdout, exitCode }: Answer) => [stdout.length > 2 ** 24, exitCode],
    },
    deep: {
      script: 'cat /dev/zero',
      as: 'root',
      parse: ({ stdout, exitCode }: Answer) => [stdout.length > 2 ** 24, exitCode],
    },
    fine: text('echo fine'),
  });
  const cut = { known: true, value: [true, 141] };
  assert.deepEqual(found, { flood: cut, deep: cut, fine: { known: true, value: 'fine\n' } });
});

test('a long answer in small pieces is whole, however many of them the reader gets one by one', async () => {
  const script = 'for ((piece = 0; piece < 500; piece++)); do printf x; sleep 0.001; done';
  const found = await facts({ user: text(script), root: text(script, { as: 'root' }) });
  const whole = { known: true, value: 'x'.repeat(500) };
  assert.deepEqual(found, { user: whole, root: whole });
});

test('an answer whose shell was killed is told as one that broke off', async () => {
  const parse = ({ exitCode }: Answer): string => {
    if (exitCode !== 0) throw new Error(`exited with ${String(exitCode)}`);
    return 'whole';
  };
  // Its parent is the program that limits its time, and the parent of that is the shell that prints the end.
  const script = 'printf part; read -r stat < "/proc/$PPID/stat"; set -- ${stat##*)}; kill -KILL "$2"';
  const found = await facts({ killed: text(script, { parse }), fine: text('echo fine') });
  assert.deepEqual(found, {
    killed: { known: false, why: 'the answer broke off after 4 characters' },
    fine: { known: true, value: 'fine\n' },
  });
});
