import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftRotation, type RotationRequest } from '../../../src/cli/actions/rotate-key.ts';
import { encryptVaults } from '../../../src/cli/actions/vault/encrypt.ts';
import { setSecret } from '../../../src/cli/actions/vault/set.ts';
import { viewVault } from '../../../src/cli/actions/vault/view.ts';
import { codeOf, FILE, MAIN, OLD, PLAIN, Place, valueOf, whole } from './vault/place.ts';

const { signal } = new AbortController();
const KEY = /sk-[0-9a-f]{64}/g;

async function rotate(
  place: Place,
  step: RotationRequest['step'],
  options: object = OLD,
  discardPrevious = false,
): Promise<ReturnType<typeof draftRotation>> {
  const { folders } = place.folders;
  const terminal = place.terminal();
  const drafted = await draftRotation(terminal, { folders, step, discardPrevious }, options, signal);
  assert.doesNotMatch(
    `${terminal.written.out}${terminal.written.err}${JSON.stringify(drafted.ok ? '' : drafted)}`,
    KEY,
  );
  if (drafted.ok && drafted.value !== undefined) place.write(drafted.value.file.shown, drafted.value.after);
  return drafted;
}

const plainOf = async (place: Place, options: object = OLD): Promise<string> =>
  valueOf(await viewVault(place.terminal(), whole, options, signal));

test('a rotation of an encrypted file keeps the key before, the comments and the vault id, and its end revokes that key', async () => {
  using place = new Place();
  const id = { vaultId: ['prod@old'] };
  valueOf(await encryptVaults(place.terminal(), [FILE], id, signal));
  valueOf(await rotate(place, 'begin', id));
  assert.match(place.read(FILE), /^\$ANSIBLE_VAULT;1\.2;AES256;prod\n/);
  const begun = await plainOf(place, id);
  assert.match(
    begun,
    /^---\n# a comment\nlitellm_master_key: "sk-[0-9a-f]{64}"\nlitellm_master_key_previous: "old"\nother: 1\n$/,
  );
  const [key = ''] = begun.match(KEY) ?? [];
  // As after a kill: the next run does not rotate a second time.
  assert.equal(codeOf(await rotate(place, 'begin', id)), 'vault.rotation-open');
  valueOf(await rotate(place, 'finish', id));
  assert.match(place.read(FILE), /^\$ANSIBLE_VAULT;1\.2;AES256;prod\n/);
  assert.equal(
    await plainOf(place, id),
    `---\n# a comment\nlitellm_master_key: "${key}"\nlitellm_master_key_revoked: "old"\nother: 1\n`,
  );
  assert.equal(valueOf(await rotate(place, 'finish', id)), undefined);
  // The next rotation leaves the revoked key, and its end replaces it.
  valueOf(await rotate(place, 'begin', id));
  valueOf(await rotate(place, 'finish', id));
  const [, revoked] = /_revoked: "(.*)"/.exec(await plainOf(place, id)) ?? [];
  assert.equal(revoked, key);
});

test('with --discard-previous the key of an unfinished rotation is given up', async () => {
  using place = new Place();
  await place.encrypt();
  valueOf(await rotate(place, 'begin'));
  const [second = ''] = (await plainOf(place)).match(KEY) ?? [];
  valueOf(await rotate(place, 'begin', OLD, true));
  const plain = await plainOf(place);
  assert.match(plain, new RegExp(`_previous: "${second}"`));
  assert.doesNotMatch(plain, /"old"/);
});

test('an encrypted value in a plain file is rotated in its place, with its own id', async () => {
  using place = new Place();
  const named = { name: 'litellm_master_key', ...place.folders };
  const sealing = { vaultId: ['prod@old'], encryptVaultId: 'prod' };
  place.write(FILE, '---\n');
  place.write('value', `sk-${'0f'.repeat(32)}`);
  valueOf(
    await setSecret(place.terminal(), named, { ...sealing, file: MAIN, valueFile: `${place.cwd}/value` }, signal),
  );
  const before = place.read(MAIN);
  valueOf(await rotate(place, 'begin', sealing));
  const text = place.read(MAIN);
  assert.match(text, /^x: 1 # here\n+litellm_master_key: !vault \|\n {2}\$ANSIBLE_VAULT;1\.2;AES256;prod\n/);
  assert.ok(text.includes(before.slice(before.indexOf('!vault')).trimEnd()), 'the value before is as it was');
  const previous = { file: MAIN, variable: 'litellm_master_key_previous' };
  assert.equal(valueOf(await viewVault(place.terminal(), previous, sealing, signal)).trim(), `sk-${'0f'.repeat(32)}`);
  valueOf(await rotate(place, 'finish', sealing));
  assert.match(place.read(MAIN), /litellm_master_key_revoked: !vault/);
});

test('a reference to another variable stays the key before, and texts that cannot be edited line by line are refused', async () => {
  using place = new Place();
  place.write(FILE, 'vault_key: 1\n');
  valueOf(await encryptVaults(place.terminal(), [FILE], OLD, signal));
  place.write(MAIN, 'litellm_master_key: "{{ vault_key }}"\r\nlast: 1\r\n');
  valueOf(await rotate(place, 'begin'));
  assert.match(
    place.read(MAIN),
    /^litellm_master_key: !vault [^]*\r\nlitellm_master_key_previous: "\{\{ vault_key \}\}"\r\nlast: 1\r\n$/,
  );
  for (const text of [
    '{litellm_master_key: "a"}\n',
    'litellm_master_key: "a"\nlitellm_master_key: "b"\n',
    'litellm_master_key: [a]\n',
  ]) {
    place.write(MAIN, text);
    assert.equal(codeOf(await rotate(place, 'begin')), 'vault.edit-by-hand', text);
    assert.equal(place.read(MAIN), text);
  }
});

test('keys in several files, no key, and a missing password are refused with the way on', async () => {
  using place = new Place();
  await place.encrypt();
  assert.equal(codeOf(await rotate(place, 'begin', {})), 'vault.no-password');
  place.write('group_vars/litellm.yml', 'litellm_master_key: other\n');
  assert.equal(codeOf(await rotate(place, 'begin')), 'vault.several-files');
  place.write('group_vars/litellm.yml', 'litellm_master_key_previous: other\n');
  assert.equal(codeOf(await rotate(place, 'finish')), 'vault.several-files');
  place.write('group_vars/litellm.yml', '');
  place.write(FILE, PLAIN.replace('litellm_master_key: "old"\n', ''));
  assert.equal(codeOf(await rotate(place, 'begin')), 'vault.key-missing');
});
