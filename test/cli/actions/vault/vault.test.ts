import assert from 'node:assert/strict';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { editVault } from '../../../../src/cli/actions/vault/edit.ts';
import { encryptVaults } from '../../../../src/cli/actions/vault/encrypt.ts';
import { rekeyVaults } from '../../../../src/cli/actions/vault/rekey.ts';
import { setSecret } from '../../../../src/cli/actions/vault/set.ts';
import { viewVault } from '../../../../src/cli/actions/vault/view.ts';
import { codeOf, FILE, MAIN, OLD, PLAIN, Place, valueOf, whole } from './place.ts';

const { signal } = new AbortController();

test('an edit keeps password and id, and a text that was not changed leaves the file byte for byte', async () => {
  using place = new Place();
  const id = { vaultId: ['prod@old'] };
  valueOf(await encryptVaults(place.terminal(), [FILE], id, signal));
  const before = place.read(FILE);
  assert.match(before, /^\$ANSIBLE_VAULT;1\.2;AES256;prod\n/);
  assert.equal(valueOf(await editVault(place.terminal('exit 0'), whole, id, signal)), `unchanged ${FILE}`);
  assert.equal(place.read(FILE), before);
  const record =
    'stat -c "%a %F" "$1" "$(dirname "$1")" >> "$(dirname "$0")/seen"; df -T "$1" | tail -1 >> "$(dirname "$0")/seen"; sed -i s/old/mine/ "$1"';
  valueOf(await editVault(place.terminal(record), whole, id, signal));
  assert.match(place.read(FILE), /^\$ANSIBLE_VAULT;1\.2;AES256;prod\n/);
  assert.equal(valueOf(await viewVault(place.terminal(), whole, id, signal)), PLAIN.replace('old', 'mine'));
  // While it is open no other user may read it, and it is in memory.
  assert.match(place.read('seen'), /^600 regular file\n700 directory\ntmpfs +tmpfs /);
  assert.deepEqual(readdirSync(place.memory), []);
});

test('a text that is no YAML, and an editor that fails, change nothing and leave nothing', async () => {
  using place = new Place();
  await place.encrypt();
  const before = place.read(FILE);
  assert.equal(codeOf(await editVault(place.terminal('echo "a: [" > "$1"'), whole, OLD, signal)), 'vault.not-yaml');
  assert.equal(codeOf(await editVault(place.terminal('echo "- a" > "$1"'), whole, OLD, signal)), 'vault.not-yaml');
  assert.equal(codeOf(await editVault(place.terminal('echo new > "$1"; exit 3'), whole, OLD, signal)), 'vault.editor');
  assert.equal(place.read(FILE), before);
  assert.deepEqual(readdirSync(place.memory), []);
});

test('a file that was changed while the editor was open is not overwritten', async () => {
  using place = new Place();
  await place.encrypt();
  const other = `echo meanwhile > ${join(place.cwd, FILE)}; sed -i s/old/mine/ "$1"`;
  assert.equal(codeOf(await editVault(place.terminal(other), whole, OLD, signal)), 'inventory.changed-meanwhile');
  assert.equal(place.read(FILE), 'meanwhile\n');
});

test('a value in a plain file is set, viewed, edited and rekeyed by its name; all other bytes stay', async () => {
  using place = new Place();
  place.write('value', 'p{{w}}"d\n');
  const set = await setSecret(
    place.terminal(),
    { name: 'smtp', ...place.folders },
    { ...OLD, file: MAIN, valueFile: join(place.cwd, 'value') },
    signal,
  );
  assert.equal(valueOf(set), `set smtp in ${MAIN}`);
  assert.match(
    place.read(MAIN),
    /^x: 1 # here\n\nsmtp: !vault \|\n {2}\$ANSIBLE_VAULT;1\.1;AES256\n(?: {2}[0-9a-f]+\n)+$/,
  );
  assert.deepEqual(readdirSync(join(place.cwd, 'group_vars/all')).toSorted(), ['main.yml', 'vault.yml']);
  place.write(MAIN, `${place.read(MAIN)}last: 2\n`);
  const smtp = { file: MAIN, variable: 'smtp' };
  assert.equal(valueOf(await viewVault(place.terminal(), smtp, OLD, signal)), 'p{{w}}"d\n');
  valueOf(await editVault(place.terminal('printf "changed\\n" > "$1"'), smtp, OLD, signal));
  assert.equal(valueOf(await viewVault(place.terminal(), smtp, OLD, signal)), 'changed\n');
  valueOf(await rekeyVaults(place.terminal(), [MAIN], { ...OLD, newVaultId: 'prod@new' }, signal));
  assert.match(
    place.read(MAIN),
    /^x: 1 # here\n\nsmtp: !vault \|\n {2}\$ANSIBLE_VAULT;1\.2;AES256;prod\n(?: {2}[0-9a-f]+\n)+last: 2\n$/,
  );
  assert.equal(codeOf(await viewVault(place.terminal(), smtp, OLD, signal)), 'vault.wrong-password');
  assert.equal(valueOf(await viewVault(place.terminal(), smtp, { vaultId: ['prod@new'] }, signal)), 'changed\n');
});

test('a rekey of several files writes all of them or none', async () => {
  using place = new Place();
  await place.encrypt();
  place.write('group_vars/all/more.yml', PLAIN);
  valueOf(await encryptVaults(place.terminal(), ['group_vars/all/more.yml'], { vaultPasswordFile: 'new' }, signal));
  const files = [FILE, 'group_vars/all/more.yml'];
  const before = files.map((name) => place.read(name));
  place.write('third', 'third password\n');
  const to = { newVaultPasswordFile: 'third' };
  assert.equal(codeOf(await rekeyVaults(place.terminal(), files, { ...OLD, ...to }, signal)), 'vault.wrong-password');
  assert.deepEqual(
    files.map((name) => place.read(name)),
    before,
  );
  const both = { ...OLD, vaultId: ['@new'], ...to };
  assert.equal(
    valueOf(await rekeyVaults(place.terminal(), files, both, signal)),
    files.map((name) => `rekeyed ${name}`).join('\n'),
  );
  for (const file of files)
    assert.equal(
      valueOf(await viewVault(place.terminal(), { ...whole, file }, { vaultPasswordFile: 'third' }, signal)),
      PLAIN,
    );
});

test('a generated master key goes where the key is now, keeps comments, and is shown nowhere', async () => {
  using place = new Place();
  await place.encrypt();
  const terminal = place.terminal();
  const done = await setSecret(
    terminal,
    { name: 'litellm_master_key', ...place.folders },
    { ...OLD, generate: true },
    signal,
  );
  assert.equal(valueOf(done), `set litellm_master_key in ${FILE}`);
  const plain = valueOf(await viewVault(place.terminal(), whole, OLD, signal));
  assert.match(plain, /^---\n# a comment\nlitellm_master_key: "sk-[0-9a-f]{64}"\nother: 1\n$/);
  const key = /sk-[0-9a-f]{64}/.exec(plain)?.[0] ?? '';
  // The key before may still be needed: an encrypted copy of the file stays beside it, which Ansible does not read.
  const [copy = '', ...more] = readdirSync(join(place.cwd, 'group_vars/all')).filter((name) => name.endsWith('.bak'));
  assert.deepEqual(more, []);
  assert.match(place.read(`group_vars/all/${copy}`), /^\$ANSIBLE_VAULT;/);
  assert.ok(!`${terminal.written.out}${terminal.written.err}${valueOf(done)}`.includes(key));
});

test('a variable that several files set is not guessed, and a file without a vault names the way to one', async () => {
  using place = new Place();
  await place.encrypt();
  place.write('group_vars/litellm.yml', 'other: 2\n');
  assert.equal(
    codeOf(await setSecret(place.terminal(), { name: 'other', ...place.folders }, { ...OLD, generate: true }, signal)),
    'vault.several-files',
  );
  rmSync(join(place.cwd, FILE));
  const none = await setSecret(
    place.terminal(),
    { name: 'new_one', ...place.folders },
    { ...OLD, generate: true },
    signal,
  );
  assert.ok(!none.ok);
  assert.match(none.problems[0].fix, /hxllm inventory --vault-init/);
});

test('an encrypted file is not encrypted again, and a file that cannot be written changes none', async () => {
  using place = new Place();
  await place.encrypt();
  assert.equal(codeOf(await encryptVaults(place.terminal(), [MAIN, FILE], OLD, signal)), 'vault.encrypted');
  assert.equal(place.read(MAIN), 'x: 1 # here\n');
  assert.equal(statSync(join(place.cwd, MAIN)).mode & 0o777, 0o644);
});

test('a view of plain text names the values that can be viewed', async () => {
  using place = new Place();
  const none = await viewVault(place.terminal(), { file: MAIN, variable: undefined }, OLD, signal);
  assert.ok(!none.ok);
  assert.equal(none.problems[0].fix, `hxllm vault encrypt ${MAIN}`);
  valueOf(
    await setSecret(
      place.terminal(),
      { name: 'smtp', ...place.folders },
      { ...OLD, file: MAIN, generate: true },
      signal,
    ),
  );
  const open = await viewVault(place.terminal(), { file: MAIN, variable: undefined }, OLD, signal);
  assert.ok(!open.ok);
  assert.equal(open.problems[0].fix, `hxllm vault view ${MAIN} smtp`);
});

test('without a terminal and without a password the command says how to give one', async () => {
  using place = new Place();
  await place.encrypt();
  assert.equal(codeOf(await viewVault(place.terminal(), whole, {}, signal)), 'vault.no-password');
});
