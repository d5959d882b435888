import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { editVault } from '../../../../src/cli/actions/vault/edit.ts';
import { encryptVaults } from '../../../../src/cli/actions/vault/encrypt.ts';
import { rekeyVaults } from '../../../../src/cli/actions/vault/rekey.ts';
import { setSecret } from '../../../../src/cli/actions/vault/set.ts';
import { viewVault } from '../../../../src/cli/actions/vault/view.ts';
import type { Result } from '../../../../src/core/problem.ts';
import { codeOf, FILE, MAIN, OLD, PLAIN, Place, valueOf, whole } from './place.ts';

const { signal } = new AbortController();

test('of several passwords the one of vault_encrypt_identity encrypts, unless the command line names another', async () => {
  using place = new Place();
  place.write('ansible.cfg', '[defaults]\nvault_identity_list = dev@old, prod@new\nvault_encrypt_identity = prod\n');
  place.write('new', 'another password\n');
  for (const [options, id] of [
    [{}, 'prod'],
    [{ encryptVaultId: 'dev' }, 'dev'],
  ] as const) {
    place.write(FILE, PLAIN);
    valueOf(await encryptVaults(place.terminal(), [FILE], options, signal));
    assert.match(place.read(FILE), new RegExp(`^\\$ANSIBLE_VAULT;1\\.2;AES256;${id}\n`));
  }
});

test('a byte order mark stays, and does not look like a change by another program', async () => {
  using place = new Place();
  place.write(MAIN, '\uFEFFx: 1\n');
  const done = await setSecret(
    place.terminal(),
    { name: 'x', ...place.folders },
    { ...OLD, file: MAIN, generate: true },
    signal,
  );
  assert.equal(valueOf(done), `set x in ${MAIN}`);
  assert.match(place.read(MAIN), /^\uFEFFx: !vault \|\n {2}\$ANSIBLE_VAULT;/);
});

test('encrypted values in a file that is no YAML are not encrypted again, and not taken for plain text', async () => {
  using place = new Place();
  const text = 'a: [\nk: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  33\n';
  place.write(MAIN, text);
  assert.equal(codeOf(await encryptVaults(place.terminal(), [MAIN], OLD, signal)), 'vault.not-yaml');
  const to = { ...OLD, newVaultPasswordFile: 'new' };
  assert.equal(codeOf(await rekeyVaults(place.terminal(), [MAIN], to, signal)), 'vault.not-yaml');
  assert.equal(codeOf(await viewVault(place.terminal(), { file: MAIN, variable: 'k' }, OLD, signal)), 'vault.not-yaml');
  assert.equal(place.read(MAIN), text);
});

test('a file that the editor removed or saved in another encoding changes nothing', async () => {
  using place = new Place();
  await place.encrypt();
  const before = place.read(FILE);
  assert.equal(codeOf(await editVault(place.terminal('rm "$1"'), whole, OLD, signal)), 'vault.editor');
  const latin = `printf 'a: \\351\\n' > "$1"`;
  assert.equal(codeOf(await editVault(place.terminal(latin), whole, OLD, signal)), 'vault.not-yaml');
  assert.equal(place.read(FILE), before);
});

test('a question for a password without a terminal is refused, not asked', async () => {
  using place = new Place();
  await place.encrypt();
  assert.equal(
    codeOf(await viewVault(place.terminal(), whole, { askVaultPass: true }, signal)),
    'vault.password-empty',
  );
});

test('a program that knows no password for a new id is not to be overwritten', async () => {
  using place = new Place();
  await place.encrypt();
  place.write('key-client', '#!/bin/sh\nexit 2\n');
  chmodSync(join(place.cwd, 'key-client'), 0o700);
  const done = await rekeyVaults(place.terminal(), [FILE], { ...OLD, newVaultId: 'prod@key-client' }, signal);
  assert.ok(!done.ok);
  assert.equal(done.problems[0].fix, 'hxllm vault rekey FILE --new-vault-id ID@FILE');
});

test('a variable is found behind links and in the folders of all inventories', async () => {
  using place = new Place();
  await place.encrypt();
  place.write('shared.yml', 'linked: 1\n');
  symlinkSync('../../shared.yml', join(place.cwd, 'group_vars/all/zz.yml'));
  const set = (name: string, folders: readonly string[]): Promise<Result<string>> =>
    setSecret(place.terminal(), { name, ...place.folders, folders }, { ...OLD, generate: true }, signal);
  assert.equal(valueOf(await set('linked', [place.cwd])), 'set linked in group_vars/all/zz.yml');
  assert.match(place.read('shared.yml'), /^linked: !vault \|\n/);
  mkdirSync(join(place.cwd, 'second/group_vars'), { recursive: true });
  place.write('second/group_vars/all.yml', 'other: 2\nthere: 1\n');
  const both = [place.cwd, join(place.cwd, 'second')];
  assert.equal(valueOf(await set('there', both)), 'set there in second/group_vars/all.yml');
  assert.equal(codeOf(await set('other', both)), 'vault.several-files');
});

test('a value that is not UTF-8 is refused, and a vault of another password names the way around it', async () => {
  using place = new Place();
  await place.encrypt();
  writeFileSync(join(place.cwd, 'latin'), Buffer.from([0x61, 0xe9]));
  const read = { ...OLD, file: FILE, valueFile: 'latin' };
  const before = place.read(FILE);
  assert.equal(
    codeOf(await setSecret(place.terminal(), { name: 'a', ...place.folders }, read, signal)),
    'usage.vault-set',
  );
  assert.equal(place.read(FILE), before);
  place.write('group_vars/prod.yml', 'a: 1\n');
  valueOf(await encryptVaults(place.terminal(), ['group_vars/prod.yml'], { vaultPasswordFile: 'new' }, signal));
  const done = await setSecret(place.terminal(), { name: 'a', ...place.folders }, { ...OLD, generate: true }, signal);
  assert.ok(!done.ok);
  assert.match(done.problems[0].fix, /hxllm vault set a --file FILE$/);
});

for (const killedBy of ['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)
  test(`${killedBy} while the editor is open leaves no plain text`, async () => {
    using place = new Place();
    await place.encrypt();
    const before = place.read(FILE);
    // The editor tells its file and waits for a line on its standard input, which never comes.
    const { environment } = place.terminal('cp "$1" "$1.swp"; echo "$1"; read -r line');
    const hxllm = join(import.meta.dirname, '../../../../bin/hxllm.js');
    const argv = [hxllm, 'vault', 'edit', FILE, '--vault-password-file', 'old'];
    const child = spawn(process.execPath, argv, {
      cwd: place.cwd,
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const said: readonly unknown[] = await once(child.stdout, 'data');
    const folder = dirname(String(said[0]).trim());
    assert.deepEqual(readdirSync(folder).toSorted(), ['vault.yml', 'vault.yml.swp']);
    child.kill(killedBy);
    await once(child, 'exit');
    while (existsSync(folder)) await delay(20);
    child.stdin.end();
    assert.equal(place.read(FILE), before);
  });

test('the command of a fix can be pasted, whatever the names of file and value', async () => {
  using place = new Place();
  const file = 'group_vars/all/it s.yml';
  place.write(file, '"my key":\n  - !vault "$ANSIBLE_VAULT;1.1;AES256\\n33"\n');
  const none = await viewVault(place.terminal(), { file, variable: undefined }, OLD, signal);
  assert.ok(!none.ok);
  assert.equal(none.problems[0].fix, `hxllm vault view '${file}' 'my key[0]'`);
});
