import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf, hostOf, problemsOf, Tree } from '../tree.ts';

const HOST = '[litellm]\napi ansible_host=192.0.2.1\n';

test('a folder is read file by file in the order of names, and later files override', async () => {
  using tree = new Tree({
    'inventories/20-late': '[litellm:vars]\nlitellm_port=4002\n',
    'inventories/10-early.yml':
      'litellm:\n  hosts:\n    api:\n  vars:\n    litellm_port: 4001\n    litellm_listen: 127.0.0.1\n',
    'inventories/sub/deep.ini': '[litellm]\nsecond\n',
    'inventories/group_vars/all.yml': 'litellm_user: gateway\n',
    'inventories/sub/group_vars/all.yml': 'litellm_user: nobody-reads-it\n',
    'inventories/host_vars/second.yml': 'litellm_port: 4003\n',
  });
  const { hosts, warnings, inventoryFile, variablesFolder } = configOf(
    await tree.load({ inventories: ['inventories/'] }),
  );
  assert.deepEqual(
    hosts.map(({ target, settings: { port, user, listen } }) => [target.name, port, user, listen]),
    [
      ['api', 4002, 'gateway', '127.0.0.1'],
      ['second', 4003, 'gateway', '127.0.0.1'],
    ],
  );
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    [inventoryFile, variablesFolder].map((path) => path.replace(tree.folder, '')),
    ['/inventories/10-early.yml', '/inventories'],
  );
});

test('a file that is no inventory is skipped with a warning, and nothing of it counts', async () => {
  using tree = new Tree({
    'i/dev.ini': HOST,
    'i/notes': 'Inventory\nof the lab, by hand\n',
    'i/list.yml': '- a\n',
    'i/broken.yml': 'all: {hosts: [\n',
  });
  const { allHosts, warnings } = configOf(await tree.load({ inventories: ['i'] }));
  assert.deepEqual(allHosts, ['api']);
  assert.deepEqual(
    warnings.map(({ code, where }) => [code, where?.file, where?.line]),
    [
      ['inventory.skipped', 'i/broken.yml', 2],
      ['inventory.skipped', 'i/list.yml', 1],
      ['inventory.skipped', 'i/notes', 2],
    ],
  );
});

test('names that Ansible ignores in a folder are not opened, and ansible.cfg adds to them', async () => {
  using tree = new Tree({
    'i/dev.ini': HOST,
    ...Object.fromEntries(
      [
        'README.md',
        'a.txt',
        'b.rst',
        'c.bak',
        'd~',
        'e.orig',
        'f.cfg',
        'g.retry',
        '.h',
        'host_vars/x',
        'vars_plugins/x.py',
      ].map((name) => [`i/${name}`, 'some words\n']),
    ),
    'i/old/dev.ini': 'gone\n',
    'i/x.skip': 'gone\n',
    'ansible.cfg': '[inventory]\nignore_patterns = ^old$, skip\n',
  });
  const { allHosts, warnings, files } = configOf(await tree.load({ inventories: ['i'] }));
  assert.deepEqual([allHosts, warnings], [['api'], []]);
  assert.deepEqual(
    files.map((file) => file.slice(tree.folder.length + 1)),
    ['ansible.cfg', 'i/dev.ini'],
  );
  const [problem] = problemsOf(
    await tree.load({ inventories: ['i'], environment: { ANSIBLE_INVENTORY_IGNORE_REGEX: '(' } }),
  );
  assert.equal(problem?.code, 'config.ignore-pattern');
});

test('several -i add up in their order, each with the group_vars beside it; the current folder comes last', async () => {
  const variables = (port: number): string => `litellm_port: ${String(port)}\n`;
  using tree = new Tree({
    'a/dev.ini': HOST,
    'a/group_vars/all.yml': variables(4001),
    'b/more.ini': '[litellm]\n[litellm:vars]\nlitellm_listen=127.0.0.1\n',
    'c.ini': '[litellm:vars]\nlitellm_user=ops\n',
    'b/group_vars/all.yml': variables(4002),
  });
  const portOf = async (...inventories: readonly string[]): Promise<number> =>
    hostOf(await tree.load({ inventories })).settings.port;
  assert.equal(await portOf('a/dev.ini', 'b/more.ini'), 4002);
  assert.equal(await portOf('b', 'a'), 4001);
  assert.equal(await portOf('a', 'b', 'a/dev.ini'), 4001);
  assert.equal(hostOf(await tree.load({ inventories: ['a', 'b'] })).settings.listen, '127.0.0.1');
  tree.write('group_vars/all.yml', variables(4003));
  assert.equal(await portOf('a', 'b'), 4003);
  // A group of an earlier source counts as declared.
  assert.equal(hostOf(await tree.load({ inventories: ['a', 'c.ini'] })).settings.user, 'ops');
  assert.match(problemsOf(await tree.load({ inventories: ['c.ini', 'a'] }))[0]?.detail ?? '', /a group \[litellm\]/);
});

test('a folder without an inventory is a warning beside another source, and refused alone', async () => {
  using tree = new Tree({ 'dev.ini': HOST, 'empty/README.md': 'x\n' });
  const { allHosts, warnings } = configOf(await tree.load({ inventories: ['dev.ini', 'empty'] }));
  assert.deepEqual([allHosts, warnings.map(({ code }) => code)], [['api'], ['inventory.not-found']]);
  assert.deepEqual(configOf(await tree.load({ inventories: ['empty', 'h1,'] })).allHosts, ['h1']);
  assert.equal(problemsOf(await tree.load({ inventories: ['empty'] }))[0]?.code, 'inventory.not-found');
});

test('-i with a comma is a list of hosts, unless there is such a file', async () => {
  using tree = new Tree({ 'a,b': HOST, 'host_vars/h2.yml': 'ansible_user: ops\n' });
  const { allHosts, hosts } = configOf(await tree.load({ inventories: ['h1,h2:2222,2001:db8::1'], limit: 'h2' }));
  assert.deepEqual(allHosts, ['h1', 'h2', '2001:db8::1']);
  assert.deepEqual([hosts[0]?.target.port, hosts[0]?.target.user], [2222, 'ops']);
  assert.deepEqual(configOf(await tree.load({ inventories: ['a,b'] })).allHosts, ['api']);
});

test('ansible.cfg may name several inventories', async () => {
  using tree = new Tree({ 'a.ini': HOST, 'b.ini': 'other\n', 'ansible.cfg': '[defaults]\ninventory = a.ini, b.ini\n' });
  assert.deepEqual(configOf(await tree.load()).allHosts, ['api', 'other']);
});

test('all below another group is refused, since every group is below it', async () => {
  using tree = new Tree({ 'dev.ini': '[top:children]\nall\n' });
  assert.match(problemsOf(await tree.load({ inventories: ['dev.ini'] }))[0]?.detail ?? '', /below themselves/);
});

test('a missing inventory, a folder without one, a script, a plugin and TOML each have a fix', async () => {
  using tree = new Tree({
    'empty/README.md': 'no inventory\n',
    script: '#!/usr/bin/python3\n',
    'scripts/dev.ini': 'h1\n',
    'scripts/fleet.py': 'print("{}")\n',
    'plugins/dev.ini': 'h1\n',
    'plugins/aws.yml': 'plugin: amazon.aws.aws_ec2\n',
    'hosts.toml': '[web.hosts.h1]\n',
  });
  const code = async (...inventories: readonly string[]): Promise<readonly [string, string]> => {
    const [problem] = problemsOf(await tree.load({ inventories }));
    return [problem?.code ?? '', problem?.detail.replaceAll(tree.folder, '') ?? ''];
  };
  assert.deepEqual(await code(), [
    'inventory.not-found',
    'Expected an Ansible inventory, found no file inventories/dev.ini.',
  ]);
  assert.deepEqual(await code('empty'), [
    'inventory.not-found',
    'Expected an inventory in the folder empty, found none.',
  ]);
  assert.equal((await code('script'))[0], 'inventory.program');
  assert.deepEqual(await code('scripts'), [
    'inventory.program',
    'Expected an inventory in INI or YAML, found the program scripts/fleet.py.',
  ]);
  assert.deepEqual(await code('plugins'), [
    'inventory.plugin',
    'Expected an inventory with its hosts in it, found the configuration of an inventory plugin ("amazon.aws.aws_ec2").',
  ]);
  assert.equal((await code('hosts.toml'))[0], 'inventory.toml');
});
