import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Findings } from '../../../src/config/findings.ts';
import { openInventory } from '../../../src/config/load.ts';
import { findStrays } from '../../../src/config/strays/find-strays.ts';
import type { Stray } from '../../../src/config/strays/stray.ts';
import { Tree } from '../tree.ts';

const fixtures = join(import.meta.dirname, '../fixtures/vault');
const VAULT = readFileSync(join(fixtures, 'default.vault'), 'utf8');
const INLINE = readFileSync(join(fixtures, 'inline.yml'), 'utf8');
const DEV = { 'i/dev.ini': '[litellm]\napi\n' };

/** The strays, each in a line: its path, its kind, read or unread, and the names of its secrets. */
async function straysOf(
  files: Readonly<Record<string, string>>,
  passwordFiles: readonly string[] = [],
): Promise<readonly string[]> {
  using tree = new Tree({ ...DEV, ...files });
  const opened = await openInventory(
    {
      cwd: tree.folder,
      home: '/nowhere',
      userName: 'operator',
      environment: {},
      inventories: ['i/dev.ini'],
      limit: undefined,
      vaultPasswordFile: undefined,
      askVaultPassword: undefined,
    },
    new Findings(),
  );
  assert.ok(opened.ok, JSON.stringify(opened));
  const { inventory, inventoryFiles, settings } = opened.value;
  const found = await findStrays({
    folder: join(tree.folder, 'i'),
    inventory,
    inventoryFiles,
    ignored: settings.ignoredInventories,
    passwordFiles: passwordFiles.map((path) => join(tree.folder, path)),
  });
  const shown = ({ path, kind, isRead, secrets }: Stray): string =>
    [
      path.slice(tree.folder.length + 3),
      kind,
      isRead ? 'read' : 'unread',
      ...secrets.map(({ name, line }) => `${name}:${String(line)}`),
    ].join(' ');
  assert.ok(!JSON.stringify(found).includes('hunter2'), 'no value is kept');
  return found.map(shown);
}

test('an encrypted file that nothing reads is found, and one that a group or host reads is not', async () => {
  assert.deepEqual(
    await straysOf({
      'i/old-vault.yml': VAULT,
      'i/group_vars/all/vault.yml': VAULT,
      'i/group_vars/all/deep/er.yml': VAULT,
      'i/group_vars/all/vault.yml.bak': VAULT,
      'i/group_vars/all/.hidden.yml': VAULT,
      'i/group_vars/litellm.yml': VAULT,
      'i/group_vars/litellm.json': VAULT,
      'i/group_vars/gone.yml': VAULT,
      'i/host_vars/api': VAULT,
      'i/host_vars/gone/x.yml': VAULT,
      'i/group_vars/all/main.yml.20261123T231500Z.bak': VAULT,
    }),
    [
      'old-vault.yml encrypted unread',
      'group_vars/all/.hidden.yml encrypted unread',
      'group_vars/all/vault.yml.bak encrypted unread',
      'group_vars/gone.yml encrypted unread',
      'group_vars/litellm.json encrypted unread',
      'host_vars/gone/x.yml encrypted unread',
    ],
  );
});

test('a file with the name of a vault that is not encrypted is found, read or not, with the names of its secrets', async () => {
  assert.deepEqual(
    await straysOf({
      'i/group_vars/all/vault.yml': 'litellm_master_key: hunter2\nother: 1\n',
      'i/vault.yml': 'x: 1\n',
      'i/group_vars/gone/my_vault.yaml': 'x: 1\n',
      'i/group_vars/all/inline-vault.yml': INLINE,
      'i/group_vars/all/empty_vault.yml': '---\n',
      'i/vault-client.py': 'print("x")\n',
      'i/.vault_pass': 'hunter2\n',
      'i/vaulted.txt': 'x: 1\n',
    }),
    [
      'vault.yml vault-name unread',
      'group_vars/all/vault.yml vault-name read litellm_master_key:1',
      'group_vars/gone/my_vault.yaml vault-name unread',
    ],
  );
});

test('plain secrets are found by the names of their variables, in variables and in lines of an inventory', async () => {
  assert.deepEqual(
    await straysOf({
      'i/dev.ini': '[litellm]\napi[1:2] ansible_password=hunter2\n[litellm:vars]\nsmtp_token="hunter2"\n',
      'i/group_vars/all.yml':
        'db:\n  password: hunter2\n  users: [{secret: hunter2}]\nssl_public_key: hunter2\nsort_key: x\nkey_file: x\ntpl_key: "{{ vault_key }}"\nno_password:\nuse_password: true\n',
      'i/host_vars/gone.json': '{"api_key": "hunter2"}',
    }),
    [
      'dev.ini secrets read ansible_password:2 smtp_token:4',
      'group_vars/all.yml secrets read password:2 secret:3',
      'host_vars/gone.json secrets unread api_key:1',
    ],
  );
});

test('variables of another inventory of the folder are read, and while one cannot be read nothing below counts as unread', async () => {
  assert.deepEqual(
    await straysOf({ 'i/prod.ini': '[prod]\np1\n', 'i/group_vars/prod.yml': VAULT, 'i/host_vars/p1.yml': VAULT }),
    [],
  );
  const other = { 'i/group_vars/aws.yml': VAULT, 'i/group_vars/aws_vault.yml': 'x: 1\n', 'i/old.yml': VAULT };
  for (const source of [{ 'i/fleet.sh': '#!/bin/sh\n' }, { 'i/aws.yml': 'plugin: x\n' }, { 'i/prod.ini': VAULT }])
    assert.deepEqual(
      await straysOf({ ...other, ...source }),
      ['old.yml encrypted unread', 'group_vars/aws_vault.yml vault-name read'],
      Object.keys(source).join(''),
    );
});

test('files of passwords and folders below the inventory’s are not looked at', async () => {
  assert.deepEqual(
    await straysOf(
      { 'i/secret-vault': VAULT, 'i/other/vault.yml': VAULT, 'i/.quarantine/20261123T231500Z/vault.yml': VAULT },
      ['i/secret-vault'],
    ),
    [],
  );
});
