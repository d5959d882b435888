import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SUDO } from '../../src/core/become.ts';
import { split } from '../../src/facts/answers.ts';
import { ask, compose, type AskOptions } from '../../src/facts/ask.ts';
import type { Answer, Question } from '../../src/facts/question.ts';
import { createLocalHost } from '../../src/remote/local/host.ts';

const AS_ROOT = userInfo().uid === 0;
const folder = await mkdtemp(join(tmpdir(), 'hxllm-ask-'));
after(() => rm(folder, { recursive: true }));
const hostOf = (path: string) => createLocalHost('here', { PATH: path, SHLVL: '1' });
const host = hostOf(process.env['PATH'] ?? '');
const options: AskOptions = { become: 'none', signal: new AbortController().signal, timeoutMs: 30_000 };
const text = (script: string, part: Partial<Question<string>> = {}): Question<string> => ({
  script,
  as: 'user',
  parse: ({ stdout }) => stdout,
  ...part,
});

/** Creates a folder for the path with `sudo` and `id` as a test defines them. */
async function pathWith(programs: Readonly<Record<string, string>>): Promise<string> {
  const bin = await mkdtemp(join(folder, 'bin-'));
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/bash\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  return `${bin}:${process.env['PATH'] ?? ''}`;
}

async function facts<Q extends Parameters<typeof ask>[1]>(questions: Q, on = host, more: Partial<AskOptions> = {}) {
  const asked = await ask(on, questions, 'nonce-7', { ...options, ...more });
  assert.ok(asked.ok, JSON.stringify(asked));
  return asked.value;
}

test('questions get their arguments exactly, no input, and C’s language; answers come back to the byte', async () => {
  const found = await facts({
    odd: text('printf "%s|" "$@"; cat; printf "$LC_ALL"', { arguments: ["it's", '$HOME', 'a\nb', ''] }),
    'with space': text('printf "\\n\\nx\\n"'),
    silent: text('true'),
  });
  assert.deepEqual(found, {
    odd: { known: true, value: "it's|$HOME|a\nb||C" },
    'with space': { known: true, value: '\n\nx\n' },
    silent: { known: true, value: '' },
  });
});

test('a file of BASH_ENV with set -e, aliases and output changes no answer', async () => {
  const file = join(folder, 'bash-env.sh');
  await writeFile(file, 'set -euo pipefail; shopt -s expand_aliases; alias grep=false; echo Welcome >&2\n');
  const strict = createLocalHost('here', { PATH: process.env['PATH'] ?? '', SHLVL: '1', BASH_ENV: file });
  const script = 'false; [ -z "$hxllm_unset" ]; echo on | grep on; false | true; echo "$?"';
  const found = await facts({ one: text(script), two: text(script, { as: 'root' }), three: text('exit 3') }, strict);
  assert.deepEqual(found, {
    one: { known: true, value: 'on\n0\n' },
    two: { known: true, value: 'on\n0\n' },
    three: { known: true, value: '' },
  });
});

test('exit codes are part of the answer, and a parser that throws makes its fact unknown, with the reason', async () => {
  const found = await facts({
    code: { script: 'exit 3', as: 'user', parse: ({ exitCode }: Answer) => exitCode },
    broken: {
      script: 'echo nonsense',
      as: 'user',
      parse: () => {
        throw new Error('that makes no sense');
      },
    },
    fine: text('echo fine'),
  });
  assert.deepEqual(found, {
    code: { known: true, value: 3 },
    broken: { known: false, why: 'that makes no sense' },
    fine: { known: true, value: 'fine\n' },
  });
});

test(
  'a question that hangs takes only its own time limit; all questions run concurrently',
  { timeout: 60_000 },
  async () => {
    const meeting = await mkdtemp(join(folder, 'meeting-'));
    // One after the other, the first question would wait for the last for ever.
    const meets = text(
      'mktemp "$1/XXXXXX" >/dev/null; for ((tries = 0; tries < 200; tries++)); do here=("$1"/*); [ ${#here[@]} -ge 4 ] && break; sleep 0.05; done; echo "${#here[@]} met"',
      { arguments: [meeting], timeoutS: 20 },
    );
    const found = await facts({
      hangs: text('trap "" TERM; sleep 60', { timeoutS: 1 }),
      a: meets,
      b: meets,
      c: meets,
      d: meets,
    });
    assert.deepEqual(found.hangs, { known: false, why: 'no answer within 1 s' });
    for (const answer of [found.a, found.b, found.c, found.d])
      assert.deepEqual(answer, { known: true, value: '4 met\n' });
  },
);

test('processes that outlive the limit and hold the output, as on a dead NFS server, cost their own answers only', async () => {
  const hangs = text('echo part; setsid sleep 25 & wait', { timeoutS: 1 });
  const begun = performance.now();
  const found = await facts({
    ...Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`dead${String(n)}`, hangs])),
    quick: text('echo here'),
  });
  assert.ok(performance.now() - begun < 15_000);
  const { quick, ...dead } = found;
  assert.deepEqual(quick, { known: true, value: 'here\n' });
  for (const fact of Object.values(dead)) assert.deepEqual(fact, { known: false, why: 'no answer within 1 s' });
  // An answer that is complete counts, though a process goes on.
  assert.deepEqual(await facts({ left: text('echo whole; setsid sleep 25 & true', { timeoutS: 1 }) }), {
    left: { known: true, value: 'whole\n' },
  });
});

test('the answers are kept as the host gave them', async () => {
  let kept: ReadonlyMap<string, Answer> | undefined;
  await facts({ one: text('echo 1; exit 2') }, host, {
    keep: (answers) => {
      kept = answers;
    },
  });
  assert.deepEqual([...(kept ?? [])], [['one', { stdout: '1\n', exitCode: 2 }]]);
});

test('questions for root go through one sudo, and run as the user with become: none', async () => {
  const path = await pathWith({
    id: 'echo 1000',
    sudo: '[ "$1" = -n ] || exit 1; shift; echo once >>"$0.log"; VIA=sudo exec "$@"',
  });
  const questions = {
    a: text('echo "$VIA"', { as: 'root' }),
    b: text('echo "$VIA"', { as: 'root' }),
    c: text('echo "$VIA"'),
  };
  assert.deepEqual(await facts(questions, hostOf(path), { become: SUDO }), {
    a: { known: true, value: 'sudo\n' },
    b: { known: true, value: 'sudo\n' },
    c: { known: true, value: '\n' },
  });
  const log = await facts({ log: text(`cat ${path.split(':')[0] ?? ''}/sudo.log`) });
  assert.deepEqual(log.log, { known: true, value: 'once\n' });
  assert.deepEqual((await facts(questions, hostOf(path))).a, { known: true, value: '\n' });
});

test('if sudo refuses, only facts that need root are unknown', async () => {
  const path = await pathWith({ id: 'echo 1000', sudo: 'echo "sudo: a password is required" >&2; exit 1' });
  const found = await facts({ root: text('echo 1', { as: 'root' }), user: text('echo 2') }, hostOf(path), {
    become: SUDO,
  });
  assert.deepEqual(found, {
    root: {
      known: false,
      why: 'it needs root, and sudo said: sudo: a password is required',
      refusal: 'sudo: a password is required',
    },
    user: { known: true, value: '2\n' },
  });
});

test('root needs no sudo', { skip: !AS_ROOT && 'needs root' }, async () => {
  const found = await facts({ root: text('echo 1', { as: 'root' }) }, hostOf(await pathWith({ sudo: 'exit 1' })), {
    become: SUDO,
  });
  assert.deepEqual(found.root, { known: true, value: '1\n' });
});

for (const [name, bash, summary, detail] of [
  ['no bash', undefined, /the host has no bash/, /exit code 127/],
  ['nologin', 'echo "This account is currently not available."; exit 1', /may not log in/, /not available/],
  ['an expired password', 'echo "WARNING: Your password has expired." >&2; exit 1', /password has expired/, /expired/],
  ['ForceCommand', 'echo menu: 1 2 3', /another command than bash answered/, /the words: menu: 1 2 3/],
  ['exit in a start file', 'exit 0', /the login shell ended without a word/, /exit code 0 and no output/],
] as const)
  test(`a host where ${name} answers in the place of bash is a Problem in its words`, async () => {
    // The local host finds its bash in this path.
    const path = bash === undefined ? '/nonexistent' : await pathWith({ bash });
    const asked = await ask(hostOf(path), { user: text('echo 2') }, 'nonce-7', options);
    assert.ok(!asked.ok);
    assert.equal(asked.problems[0].code, 'host.no-shell');
    assert.match(asked.problems[0].summary, summary);
    assert.match(asked.problems[0].detail, detail);
  });

test('questions that fill more than a command line are asked all the same, for root too', async () => {
  const path = await pathWith({ id: 'echo 1000', sudo: 'shift; exec "$@"' });
  const long = { script: `printf %s "$1" # ${"'".repeat(3000)}`, parse: ({ stdout }: Answer) => stdout.length };
  const questions = Object.fromEntries(
    Array.from({ length: 80 }, (_, index) => [
      `q${String(index)}`,
      { ...long, as: index % 2 === 0 ? ('root' as const) : ('user' as const), arguments: ["it's".repeat(500)] },
    ]),
  );
  const { script } = compose(questions, 'nonce-7', SUDO);
  assert.ok(script.length > 500_000, String(script.length));
  const found = await facts(questions, hostOf(path), { become: SUDO });
  for (const name of Object.keys(questions)) assert.deepEqual(found[name], { known: true, value: 2000 }, name);
});

test('noise around the answers is ignored, and an incomplete answer too', () => {
  const { names } = compose({ one: text('true') }, 'n', 'none');
  assert.deepEqual(names, ['one']);
  const stdout = 'Welcome!\nn:begin:one\na\n\nn:end:0\nbye\nn:begin:two\nhalf';
  assert.deepEqual([...split(stdout, 'n')], [['one', { stdout: 'a\n', exitCode: 0 }]]);
});

test('many questions give each of them more time, and root too: they share the processors of the host', () => {
  const limitOf = (count: number): string | undefined => {
    const questions = Object.fromEntries(Array.from({ length: count }, (_, index) => [`q${String(index)}`, text('')]));
    const { script } = compose({ ...questions, root: text('', { as: 'root' }) }, 'n', SUDO);
    return `${String(/timeout -k 1 (\d+)/.exec(script)?.[1])} ${String(/SECONDS < (\d+)\)\) &&/.exec(script)?.[1])}`;
  };
  assert.deepEqual([limitOf(40), limitOf(63), limitOf(143)], ['20 18', '20 18', '30 28']);
});

test('an answer that is missing is told with the time that it had', async () => {
  const fast = Object.fromEntries(Array.from({ length: 71 }, (_, index) => [`q${String(index)}`, text('')]));
  const { slow } = await facts({ ...fast, slow: text('sleep 30', { timeoutS: 1 }) });
  assert.deepEqual(slow, { known: false, why: 'no answer within 2 s' });
});
