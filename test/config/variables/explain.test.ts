import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Tree } from '../tree.ts';
import { Findings } from '../../../src/config/findings.ts';
import { openInventory } from '../../../src/config/load.ts';
import { explainVariables, type ExplainedVariable } from '../../../src/config/variables/explain.ts';
import { layersOf } from '../../../src/config/variables/layers.ts';

const fixtures = join(import.meta.dirname, '../fixtures/vault');

async function explain(
  tree: Tree,
  host: string,
  inventories: readonly string[],
): Promise<readonly ExplainedVariable[]> {
  const opened = await openInventory(
    {
      cwd: tree.folder,
      home: '/nowhere',
      userName: 'operator',
      environment: {},
      inventories,
      limit: undefined,
      vaultPasswordFile: join(fixtures, 'password'),
      askVaultPassword: undefined,
    },
    new Findings(),
  );
  assert.ok(opened.ok, JSON.stringify(opened));
  const layers = await layersOf(host, opened.value.inventory, opened.value.folders);
  assert.ok(layers.ok, JSON.stringify(layers));
  return explainVariables(layers.value, (folder) => folder.slice(tree.folder.length + 1) || 'the current folder');
}

function linesOf(variables: readonly ExplainedVariable[], name: string): readonly string[] {
  const found = variables.find((variable) => variable.name === name);
  return (found?.definitions ?? []).map(
    ({ where, shown, overriddenBecause }) =>
      `${where.file ?? ''}:${String(where.line)} ${shown}${overriddenBecause === undefined ? '' : ` | ${overriddenBecause}`}`,
  );
}

test('every definition of a variable is listed, the strongest first, each with the rule that overrides it', async () => {
  using tree = new Tree({
    'i/dev.ini': `api x=8 x=9
[low]
api
[high]
api
[deep]
api
[parent:children]
deep
[all:vars]
x=1
[low:vars]
x=2
[high:vars]
x=3
ansible_group_priority=5
[deep:vars]
x=4
x=5
`,
    'i/group_vars/all/10.yml': 'x: 10\n',
    'i/group_vars/all/20.yml': 'x: 20\nx: 21\n',
    'i/group_vars/deep.yml': 'x: 30\n',
    'group_vars/deep.yml': 'x: 31\n',
    'i/host_vars/api.yml': 'x: 40\n',
  });
  assert.deepEqual(linesOf(await explain(tree, 'api', ['i/dev.ini']), 'x'), [
    'i/host_vars/api.yml:1 40',
    'i/dev.ini:1 9 | host_vars override the host’s own lines of the inventory',
    'i/dev.ini:1 8 | the later value on the line overrides',
    'group_vars/deep.yml:1 31 | the host’s own lines of the inventory override group_vars of other groups',
    'i/group_vars/deep.yml:1 30 | the current folder is read after i: a later -i overrides, the current folder comes last',
    'i/group_vars/all/20.yml:2 21 | group_vars of other groups override group_vars of [all]',
    'i/group_vars/all/20.yml:1 20 | the later line of the file overrides',
    'i/group_vars/all/10.yml:1 10 | i/group_vars/all/20.yml is read after i/group_vars/all/10.yml',
    'i/dev.ini:19 5 | group_vars of [all] override variables of groups in the inventory',
    'i/dev.ini:18 4 | the later line of the file overrides',
    'i/dev.ini:15 3 | [deep] is deeper below [all] than [high] (level 2 and 1): the child group overrides',
    'i/dev.ini:13 2 | [high] has the higher ansible_group_priority (5 and 1)',
    'i/dev.ini:11 1 | [low] is deeper below [all] than [all] (level 1 and 0): the child group overrides',
  ]);
});

test('encrypted values and values with the name of a secret are not shown', async () => {
  using tree = new Tree({
    'dev.ini': 'api ansible_password=plain-secret\n',
    'group_vars/all/vault.yml': readFileSync(join(fixtures, 'default.vault'), 'utf8'),
    'group_vars/all/inline.yml': readFileSync(join(fixtures, 'inline.yml'), 'utf8'),
    'group_vars/all/nested.yml': 'db:\n  password: nested-secret\n  url: http://u:url-secret@h/\n',
  });
  const variables = await explain(tree, 'api', ['dev.ini']);
  const text = JSON.stringify(variables);
  for (const secret of ['plain-secret', 'nested-secret', 'url-secret', '0123456789abcdef'])
    assert.ok(!text.includes(secret), secret);
  assert.deepEqual(linesOf(variables, 'ansible_password'), ['dev.ini:1 (not shown)']);
  assert.deepEqual(linesOf(variables, 'db'), [
    'group_vars/all/nested.yml:1 {password: (not shown), url: "http://…@h/"}',
  ]);
  assert.match(linesOf(variables, 'litellm_master_key')[0] ?? '', /\(encrypted, not shown\)$/);
});
