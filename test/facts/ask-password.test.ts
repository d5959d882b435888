import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SUDO, type Become, type Sudo } from '../../src/core/become.ts';
import { Secret } from '../../src/core/secret.ts';
import { ask, ROOT_TIMEOUT_S, type AskOptions } from '../../src/facts/ask.ts';
import type { Question } from '../../src/facts/question.ts';
import { createLocalHost } from '../../src/remote/local/host.ts';
import { passwordSudo } from '../fake-sudo.ts';

const folder = await mkdtemp(join(tmpdir(), 'hxllm-ask-'));
after(() => rm(folder, { recursive: true }));
await writeFile(join(folder, 'id'), '#!/bin/bash\necho 1000\n', { mode: 0o755 });
const host = createLocalHost('here', { PATH: `${folder}:${process.env['PATH'] ?? ''}`, SHLVL: '1' });
const LIMITS = { signal: new AbortController().signal, timeoutMs: 30_000 };
const text = (script: string, part: Partial<Question<string>> = {}): Question<string> => ({
  script,
  as: 'user',
  parse: ({ stdout }) => stdout,
  ...part,
});

async function facts<Q extends Parameters<typeof ask>[1]>(questions: Q, become: Become, keep: AskOptions['keep']) {
  const options = { become, signal: new AbortController().signal, timeoutMs: 30_000 };
  const asked = await ask(host, questions, 'nonce-7', keep === undefined ? options : { ...options, keep });
  assert.ok(asked.ok, JSON.stringify(asked));
  return asked.value;
}

const PASSWORD = "it's $HOME \\ größe";

/** Asks one root question of 200 kB and one of the user through a sudo that takes PASSWORD. */
async function askWith(become: Sudo, free = false, refusal?: string) {
  const log = await mkdtemp(join(folder, 'log-'));
  const program = join(log, 'own sudo');
  await writeFile(program, passwordSudo(log, PASSWORD.replaceAll("'", String.raw`'\''`), free, refusal), {
    mode: 0o755,
  });
  const questions = {
    root: text(`cat; printf %s "\${#1}" # ${"'".repeat(100_000)}`, { as: 'root', arguments: ['x'.repeat(100_000)] }),
    user: text('echo 2'),
  };
  let kept = '';
  const found = await facts(
    questions,
    { ...become, program: [program] },
    (answers, script) => void (kept = `${script}${JSON.stringify([...answers])}`),
  );
  const read = (name: string): Promise<string> => readFile(join(log, name), 'utf8');
  return {
    found,
    kept,
    tries: (await read('tries').catch(() => '')).trim().split('\n'),
    argv: await read('arguments'),
  };
}

for (const free of [false, true])
  test(`with a password sudo runs the questions, and no script has the password (sudo asks: ${String(!free)})`, async () => {
    const { found, kept, tries, argv } = await askWith({ ...SUDO, password: new Secret(PASSWORD) }, free);
    assert.deepEqual(found, { root: { known: true, value: '100000' }, user: { known: true, value: '2\n' } });
    assert.deepEqual(tries, free ? ['granted', 'granted'] : ['granted']);
    assert.ok(!`${kept}${argv}`.includes('größe'), 'the password is in the evidence or on a command line');
  });

test('a wrong password is tried once, and no line of the script is taken for another', async () => {
  const { found, tries } = await askWith({ ...SUDO, password: new Secret('wrong') });
  assert.deepEqual(tries, ['refused wrong']);
  assert.ok(!found.root.known && found.user.known);
  assert.match(found.root.refusal ?? '', /sudo: 1 incorrect password attempt$/);
});

test('a refusal in any words ends the call of sudo at once', async () => {
  const begun = performance.now();
  const { found, tries } = await askWith({ ...SUDO, password: new Secret('wrong') }, false, 'Are you on drugs?');
  assert.deepEqual(tries, ['refused wrong']);
  assert.match(found.root.known ? '' : (found.root.refusal ?? ''), /sudo: 1 incorrect password attempt$/);
  assert.ok(performance.now() - begun < 10_000);
});

test('a command that runs in the place of bash and echoes its input shows no password', async () => {
  const echo = { ...host, run: () => host.run({ argv: ['printf', '%s', `menu> ${PASSWORD}`] }, LIMITS) };
  const asked = await ask(echo, { user: text('echo 2') }, 'nonce-7', {
    ...LIMITS,
    become: { ...SUDO, password: new Secret(PASSWORD) },
  });
  assert.deepEqual(asked.ok ? [] : asked.problems.map(({ code }) => code), ['host.no-shell']);
  assert.match(asked.ok ? '' : asked.problems[0].detail, /the words: menu> \[redacted\]/);
});

test('where become is switched off the questions for root stay unknown, with the place in the reason', async () => {
  const become = { by: "ansible_become (it's.ini:3)" };
  const { root, user } = await facts({ root: text('echo 1', { as: 'root' }), user: text('echo 2') }, become, undefined);
  assert.deepEqual(
    [root.known || root.refusal, user.known],
    ["become is switched off by ansible_become (it's.ini:3)", true],
  );
});

/** A program in the place of sudo. */
async function sudoOf(script: string): Promise<readonly string[]> {
  const program = join(await mkdtemp(join(folder, 'sudo-')), 'sudo');
  await writeFile(program, `#!/bin/bash\n${script}\n`, { mode: 0o755 });
  return [program];
}

async function answered<Q extends Parameters<typeof ask>[1]>(questions: Q, become: Sudo) {
  const asked = await ask(host, questions, 'nonce-7', { ...LIMITS, become, rootTimeoutS: 1 });
  assert.ok(asked.ok, JSON.stringify(asked));
  return asked.value;
}

test('a sudo that hangs costs its own time, not that of the questions behind it, and loses no other answer', async () => {
  const program = await sudoOf('exec sleep 30');
  const begun = performance.now();
  const slow = { root: text('true', { as: 'root', timeoutS: 60 }), user: text('echo 1') };
  for (const password of [undefined, new Secret('pw')]) {
    const found = await answered(slow, { ...SUDO, program, password });
    assert.deepEqual(found, {
      root: { known: false, why: 'it needs root, and sudo gave no answer', refusal: '' },
      user: { known: true, value: '1\n' },
    });
  }
  assert.ok(performance.now() - begun < 20_000);
  assert.ok(ROOT_TIMEOUT_S <= 20);
});

test('a sudo without an end of words does not keep the script', async () => {
  const program = await sudoOf('while :; do echo on and on; done');
  const { root } = await answered({ root: text('true', { as: 'root' }) }, { ...SUDO, program });
  assert.equal(root.known, false);
});
