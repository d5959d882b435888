import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { Secret } from '../../../src/core/secret.ts';

import { configOf, GUIDE, Tree } from '../../config/tree.ts';
import { SEALING, run, write } from './stage.ts';

test('an invalid --backend or host is a Problem, and nothing is drafted', async () => {
  using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nh\n' });
  for (const [request, code] of [
    [{ backends: ['hx01:11434'] }, 'usage.backend'],
    [{ host: 'a b' }, 'usage.host'],
    [{ host: '-x' }, 'usage.host'],
    [{ host: 'web[1:3]' }, 'usage.host'],
  ] as const) {
    const { report } = await run(tree, request);
    assert.deepEqual([report.ending, report.problems[0]?.code, report.edits], ['failed', code, []]);
  }
});

test('without an inventory and without --init the Problem names the first command', async () => {
  using tree = new Tree({});
  const { report } = await run(tree);
  assert.deepEqual(
    [report.problems[0]?.code, report.problems[0]?.fix],
    ['inventory.not-found', 'hxllm inventory --init HOST  # or name an existing one with -i FILE'],
  );
});

test('--vault-init refuses an existing vault and shows the line to add; a vault with the key is not changed', async () => {
  using tree = new Tree(GUIDE);
  write((await run(tree, { vaultInit: SEALING })).report);
  const again = await run(tree, { vaultInit: SEALING });
  assert.deepEqual(
    [again.report.ending, again.report.edits, again.report.problems[0]?.code, again.report.problems[0]?.fix],
    ['failed', [], 'vault.exists', 'ansible-vault edit inventories/group_vars/all/vault.yml'],
  );
  assert.match(again.report.problems[0]?.detail ?? '', /litellm_master_key: "sk-…"/);
});

test('an empty vault password creates no vault', async () => {
  using tree = new Tree(GUIDE);
  const { report } = await run(tree, { vaultInit: { password: new Secret(Buffer.alloc(0)), id: 'default' } });
  assert.deepEqual([report.problems[0]?.code, report.edits], ['vault.password-empty', []]);
});

test('--vault-init does not create a folder that would hide group_vars/all.yml', async () => {
  using tree = new Tree({
    'inventories/dev.ini': '[litellm]\nh\n',
    'inventories/group_vars/all.yml': GUIDE['inventories/group_vars/all/main.yml'] ?? '',
  });
  const { report } = await run(tree, { vaultInit: SEALING });
  assert.equal(report.problems[0]?.code, 'vault.would-hide');
  assert.match(
    report.problems[0]?.fix ?? '',
    /mkdir inventories\/group_vars\/all && mv inventories\/group_vars\/all\.yml inventories\/group_vars\/all\/main\.yml/,
  );
});

test('if the usual file is encrypted, the lists go into another one beside it', async () => {
  using tree = new Tree({
    'inventories/dev.ini': '[litellm]\nh\n',
    'inventories/group_vars/all/main.yml': readFileSync(
      join(import.meta.dirname, '../../config/fixtures/vault/default.vault'),
      'utf8',
    ),
  });
  const { report } = await run(tree, { backends: ['http://hx02:11434'] });
  assert.deepEqual(
    report.edits.map(({ path }) => path.slice(tree.folder.length + 1)),
    ['inventories/group_vars/all/litellm.yml', 'inventories/group_vars/all/.hxllm.schema.json'],
  );
});

test('a list that only some hosts of the group have is not added for all', async () => {
  using tree = new Tree({
    'inventories/dev.ini': '[litellm]\na\nb\n',
    'inventories/host_vars/a.yml': GUIDE['inventories/group_vars/all/main.yml'] ?? '',
  });
  const { report } = await run(tree, { backends: ['http://hx02:11434'] });
  assert.deepEqual(
    [report.edits, report.results.find(({ id }) => id === 'inventory.backends')?.seen],
    [[], 'none for b'],
  );
});

test('a list of hosts is no file to add to, even where the default inventory exists', async () => {
  using tree = new Tree(GUIDE);
  const config = configOf(await tree.load({ inventories: ['h1,h2'] }));
  const { report } = await run(tree, { config, host: 'h1', inventoryFile: config.inventoryFile });
  assert.deepEqual([report.ending, report.problems[0]?.code, report.edits], ['failed', 'usage.no-inventory-file', []]);
});
