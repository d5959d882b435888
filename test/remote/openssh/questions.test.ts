import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../../src/core/secret.ts';
import { Questions } from '../../../src/remote/openssh/questions.ts';
import { SshPrompts } from '../../../src/remote/ssh/prompts.ts';
import { resolveSettings, type SshSettings } from '../../../src/remote/ssh/settings.ts';
import { PATIENT, targetOf, valueOf } from '../target.ts';

const { signal } = PATIENT;
const resolved = valueOf(
  await resolveSettings(
    { home: '/home/ada', userName: 'ada', environment: { PATH: process.env['PATH'] } },
    targetOf({ address: 'Gate.example', user: 'deploy', sshArguments: ['-F', 'none'] }),
    signal,
  ),
);

/** The answers to questions of one ssh, and the questions that the operator saw. */
async function answers(
  texts: readonly (
    | string
    | { readonly text: string; readonly pid?: number; readonly hop?: number; readonly notice?: boolean }
  )[],
  typed: readonly string[] | undefined,
  {
    password,
    part = {},
    words = '',
  }: { readonly password?: string; readonly part?: Partial<SshSettings>; readonly words?: string } = {},
) {
  const asked: string[] = [];
  const told: string[] = [];
  const left = [...(typed ?? [])];
  const prompts = new SshPrompts(
    (question) => {
      asked.push(question);
      return Promise.resolve(left.shift());
    },
    (message) => told.push(message),
  );
  const settings = { ...resolved, ...part, prompts: typed === undefined ? undefined : prompts };
  const secret = password === undefined ? undefined : new Secret(password);
  const questions = new Questions(settings, secret, () => Promise.resolve(words));
  const given: (string | undefined)[] = [];
  for (const each of texts) {
    const question = { pid: 1, hop: 0, notice: false, ...(typeof each === 'string' ? { text: each } : each) };
    given.push(await questions.answer(question, question.notice ? AbortSignal.abort() : signal));
  }
  return { given, asked, told, locked: [...questions.locked] };
}

test('the password of the inventory is given to the host once for each method, and to nobody else', async () => {
  const [plain, pam] = ["deploy@gate.example's password: ", '(deploy@gate.example) Password: '];
  assert.deepEqual((await answers([plain, plain], undefined, { password: 'p' })).given, ['p', undefined]);
  assert.deepEqual((await answers([pam, pam, plain], ['typed'], { password: 'p' })).given, ['p', 'typed', 'p']);
  for (const text of ["deploy@bastion's password: ", '(deploy@bastion) Password: ', "ada@gate.example's password: "])
    assert.deepEqual((await answers([text], undefined, { password: 'p' })).given, [undefined], text);
  assert.deepEqual((await answers([{ text: pam, hop: 1 }], undefined, { password: 'p' })).given, [undefined]);
  // ssh before 8.5 does not say for which host; with a ProxyCommand it may be another one.
  assert.deepEqual((await answers(['Password: '], undefined, { password: 'p' })).given, ['p']);
  const part = { proxyCommand: 'ssh -W %h:%p bastion' };
  assert.deepEqual((await answers(['Password: '], undefined, { password: 'p', part })).given, [undefined]);
  assert.deepEqual((await answers([pam, { text: pam, pid: 2 }], undefined, { password: 'p' })).given, ['p', 'p']);
});

test('a code is no password, and the operator sees the words of the server without control characters', async () => {
  const code = '(deploy@gate.example) Verification code: ';
  assert.deepEqual((await answers([code], undefined, { password: 'p' })).given, [undefined]);
  const { given, asked } = await answers([code], ['123'], { password: 'p', words: 'Two\u001B[2J steps' });
  assert.deepEqual([given, asked], [['123'], ['Two[2J steps\n(deploy@gate.example) Verification code: ']]);
});

test('a passphrase is asked for once for all connections, and three times in all', async () => {
  const text = "Enter passphrase for key '/home/ada/.ssh/id': ";
  const both = await answers([text, { text, pid: 2 }], ['open']);
  assert.deepEqual([both.given, both.asked], [['open', 'open'], ['Passphrase of /home/ada/.ssh/id: ']]);
  const wrong = await answers([text, text, text, { text, pid: 2 }, { text, pid: 2 }], ['a', 'b', 'c', 'd']);
  assert.deepEqual(wrong.given, ['a', 'b', 'c', 'c', undefined]);
  assert.deepEqual([wrong.asked.length, wrong.locked], [3, ['/home/ada/.ssh/id']]);
  assert.equal(wrong.asked[1], 'Wrong passphrase. Passphrase of /home/ada/.ssh/id: ');
  const long = `/home/ada/${'x'.repeat(120)}`;
  const cut = await answers([`Enter passphrase for key '${long.slice(0, 100)}': `], ['y'], {
    part: { namedKeys: [long] },
  });
  assert.deepEqual(cut.asked, [`Passphrase of ${long}: `]);
});

test('a host key is never accepted by a question, and a PIN is put to the operator', async () => {
  const ask =
    "The authenticity of host 'b' can't be established.\nAre you sure you want to continue connecting (yes/no/[fingerprint])? ";
  assert.deepEqual((await answers([ask, "Please type 'yes', 'no' or the fingerprint: "], ['yes', 'yes'])).given, [
    'no',
    'no',
  ]);
  const pin = 'Enter PIN for ED25519-SK key /home/ada/.ssh/id_sk: ';
  assert.deepEqual((await answers([pin], ['0000'])).asked, [pin]);
});

test('a notice is shown and has no answer', async () => {
  const text = 'Confirm user presence for key ED25519-SK SHA256:abc';
  const { given, told, asked } = await answers([{ text, notice: true }], []);
  assert.deepEqual([given, told, asked], [[undefined], [text], []]);
});
