import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Secret } from '../../../src/core/secret.ts';
import { decryptVault, encryptVault } from '../../../src/config/vault/cipher.ts';
import { isVaultText, readEnvelope, type Envelope } from '../../../src/config/vault/envelope.ts';
import { Keyring } from '../../../src/config/vault/keyring.ts';
import { readUtf8 } from '../../../src/config/utf8.ts';
import { askedPassword, filePassword, typedPassword } from '../../../src/config/vault/password.ts';

const fixtures = join(import.meta.dirname, '../fixtures/vault');
const folder = mkdtempSync(join(tmpdir(), 'hxllm-vault-'));
const read = (name: string): string => readFileSync(join(fixtures, name), 'utf8');
const password = new Secret(Buffer.from(read('password').trim()));

after(() => rmSync(folder, { recursive: true }));

function envelopeOf(text: string): Envelope {
  const envelope = readEnvelope(text);
  assert.ok(typeof envelope !== 'string', JSON.stringify(envelope));
  return envelope;
}

function script(name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o700);
  return path;
}

test('files of ansible-vault are read, version 1.1 and 1.2', async () => {
  for (const name of ['default.vault', 'labelled.vault'])
    assert.equal(String(await decryptVault(envelopeOf(read(name)), password)), read('plain.yml'), name);
  assert.equal(envelopeOf(read('labelled.vault')).id, 'prod');
});

test('with the salt of ansible-vault’s file the result has the same bytes, so ansible-vault can open it', async () => {
  for (const [name, id] of [
    ['default.vault', 'default'],
    ['labelled.vault', 'prod'],
  ] as const) {
    assert.equal(
      await encryptVault(read('plain.yml'), password, { id, salt: envelopeOf(read(name)).salt }),
      read(name),
      name,
    );
  }
});

test('texts of any length are decrypted again, and two encryptions differ', async () => {
  for (const text of ['', 'x', 'x'.repeat(15), 'x'.repeat(16), 'x'.repeat(17), 'Grüße 世界\n'.repeat(100)]) {
    const [first, second] = await Promise.all([encryptVault(text, password), encryptVault(text, password)]);
    assert.notEqual(first, second);
    assert.equal(String(await decryptVault(envelopeOf(first), password)), text);
    assert.ok(first.split('\n').every((line) => line.length <= 80) && first.endsWith('\n'));
  }
});

test('a wrong password and a changed digit are refused before decryption', async () => {
  const envelope = envelopeOf(read('default.vault'));
  assert.equal(await decryptVault(envelope, new Secret(Buffer.from('wrong'))), undefined);
  const changed = Buffer.from(envelope.ciphertext);
  changed[0] = (changed[0] ?? 0) ^ 1;
  assert.equal(await decryptVault({ ...envelope, ciphertext: changed }, password), undefined);
  assert.equal(await decryptVault({ ...envelope, hmac: envelope.hmac.subarray(0, 31) }, password), undefined);
});

test('an invalid vault has the expected and the found value', () => {
  assert.equal(isVaultText('litellm_port: 1\n'), false);
  for (const [text, reason] of [
    ['$ANSIBLE_VAULT;1.0;AES\n00', /version 1\.1 or 1\.2, found 1\.0/],
    ['$ANSIBLE_VAULT;1.1;AES\n00', /AES256, found AES/],
    ['$ANSIBLE_VAULT;1.1;AES256\nzz', /hexadecimal/],
    ['$ANSIBLE_VAULT;1.1;AES256\n', /hexadecimal/],
  ] as const) {
    assert.match(JSON.stringify(readEnvelope(text)), reason);
  }
});

test('without a password a vault is locked, which is not an error', async () => {
  assert.deepEqual(await new Keyring([]).open(read('default.vault'), { file: 'vault.yml' }), {
    ok: true,
    value: { state: 'locked' },
  });
});

test('passwords are tried in order, the user is asked once, and a wrong password names the file', async () => {
  let asked = 0;
  const person = askedPassword(() => {
    asked += 1;
    return Promise.resolve(new Secret(Buffer.from('wrong')));
  });
  const ring = new Keyring([person, filePassword(join(fixtures, 'password'), 'password')]);
  for (const name of ['default.vault', 'labelled.vault'])
    assert.equal((await ring.open(read(name), { file: name })).ok, true);
  assert.equal(asked, 1);
  const result = await new Keyring([person]).open(read('default.vault'), { file: 'all/vault.yml' });
  assert.ok(!result.ok);
  assert.equal(result.problems[0].code, 'vault.wrong-password');
  assert.match(result.problems[0].detail, /all\/vault\.yml, tried the password that was typed/);
  assert.doesNotMatch(JSON.stringify(result), /wrong\\n/);
});

test('an executable password file is run, and one named -client gets the vault id', async () => {
  const plain = filePassword(script('pass.sh', 'printf "from script\\n"'), 'pass.sh');
  const answer = await plain.read('default');
  assert.equal(answer.ok ? String(answer.value?.reveal()) : '', 'from script');
  const client = filePassword(script('store-client.sh', '[ "$2" = prod ] || exit 2; echo "$1 $2"'), 'store-client.sh');
  const [known, strange] = [await client.read('prod'), await client.read('dev')];
  assert.equal(known.ok ? String(known.value?.reveal()) : '', '--vault-id prod');
  assert.deepEqual(strange, { ok: true, value: undefined });
});

for (const name of ['random', 'latin1', 'bom', 'no-break-space', 'blanks'])
  test(`a password file with the bytes of "${name}" opens what ansible-vault wrote with it, and the way back`, async () => {
    const source = filePassword(join(fixtures, 'passwords', name), name);
    const opened = await new Keyring([source]).open(read(`passwords/${name}.vault`), { file: name });
    assert.deepEqual(opened, { ok: true, value: { state: 'open', text: read('plain.yml') } });
    const given = await source.read('default');
    assert.ok(given.ok && given.value !== undefined);
    const { salt } = envelopeOf(read(`passwords/${name}.vault`));
    assert.equal(
      await encryptVault(read('plain.yml'), given.value, { salt }),
      read(`passwords/${name}.vault`),
      'the same bytes as those of ansible-vault',
    );
  });

test('a script’s bytes are its password: line ends around them go, other blanks and bytes stay', async () => {
  const source = filePassword(script('bytes.sh', String.raw`printf '\n \303\050\240 \r\n'`), 'bytes.sh');
  const answer = await source.read('default');
  assert.deepEqual(answer.ok ? answer.value?.reveal() : undefined, Buffer.from(' \xC3(\xA0 ', 'latin1'));
});

test('a typed password has no blanks around it, and one of blanks alone is none', () => {
  assert.equal(String(typedPassword(' \tpass word\u00A0\n')?.reveal()), 'pass word\u00A0');
  assert.equal(typedPassword(' \t\n'), undefined);
});

test('a decrypted text that is not UTF-8 is a Problem with the offset, and nothing is replaced', async () => {
  const opened = await new Keyring([filePassword(join(fixtures, 'password'), 'password')]).open(read('latin1.vault'), {
    file: 'vault.yml',
  });
  assert.ok(!opened.ok);
  assert.equal(opened.problems[0].code, 'vault.not-text');
  assert.match(opened.problems[0].detail, /another byte at offset 8 of/);
});

test('the offset of a wrong byte is where its character begins', () => {
  for (const [bytes, offset] of [
    [[0x61, 0xff], 1],
    [[0x61, 0xc3, 0x28], 1],
    [[0xe2, 0x82], 0],
    [[0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98], 3],
    [[0xed, 0xa0, 0x80], 0],
  ] as const)
    assert.deepEqual(readUtf8(Buffer.from(bytes)), { offset });
  assert.equal(readUtf8(Buffer.from('\uFEFFa\uFFFD€')), 'a\uFFFD€');
});

test('a password file that is missing, empty or fails is a Problem with the reason', async () => {
  writeFileSync(join(folder, 'empty'), ' \n');
  const codes = await Promise.all(
    [join(folder, 'none'), join(folder, 'empty'), folder, script('broken.sh', 'echo no luck >&2; exit 3')].map(
      async (path) => {
        const answer = await filePassword(path, 'FILE').read('default');
        return answer.ok ? '' : `${answer.problems[0].code} ${answer.problems[0].detail}`;
      },
    ),
  );
  assert.match(codes[0] ?? '', /^vault\.password-unreadable .*no such file/);
  assert.match(codes[1] ?? '', /^vault\.password-empty/);
  assert.match(codes[2] ?? '', /it is a folder/);
  assert.match(codes[3] ?? '', /exited with 3 and said: no luck/);
});
