import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findAnsibleCfg } from '../../../src/config/ansible-cfg/find.ts';
import { Findings } from '../../../src/config/findings.ts';
import { SourceFiles } from '../../../src/config/source-files.ts';
import { Keyring } from '../../../src/config/vault/keyring.ts';
import { configOf, GUIDE, hostOf, problemsOf, Tree } from '../tree.ts';

const vault = join(import.meta.dirname, '../fixtures/vault');

for (const [name, cfg] of [
  ['an indented option', '[defaults]\n  inventory = inventories/prod.ini\n'],
  ['a value on the next line', '[defaults]\ninventory =\n  inventories/prod.ini\n'],
  ['an option of [DEFAULT]', '[DEFAULT]\ninventory = inventories/prod.ini\n[defaults]\nforks = 5\n'],
] as const)
  test(`${name} of ansible.cfg counts`, async () => {
    using tree = new Tree({ ...GUIDE, 'ansible.cfg': cfg, 'inventories/prod.ini': '[litellm]\nprod-host\n' });
    assert.equal(hostOf(await tree.load()).target.name, 'prod-host');
  });

test('ssh_args, port, timeout and host key checking of ansible.cfg hold where no variable says otherwise', async () => {
  using tree = new Tree({
    ...GUIDE,
    'ansible.cfg':
      '[defaults]\nremote_port = 2222\ntimeout = 33\n[ssh_connection]\nssh_args = -F ./ssh.cfg\nssh_common_args = -o "ProxyJump=bastion one"\nssh_extra_args = -4\nhost_key_checking = no\n',
  });
  const { target } = hostOf(await tree.load());
  assert.deepEqual(target.sshArguments, ['-F', './ssh.cfg', '-o', 'ProxyJump=bastion one', '-4']);
  assert.deepEqual([target.port, target.connectTimeoutMs, target.hostKeyChecking], [2222, 33_000, false]);
  const { target: other } = hostOf(
    await tree.load({ environment: { ANSIBLE_SSH_ARGS: '-C', ANSIBLE_REMOTE_PORT: '2200', ANSIBLE_TIMEOUT: '5' } }),
  );
  assert.deepEqual(
    [other.sshArguments[0], other.sshArguments.length, other.port, other.connectTimeoutMs],
    ['-C', 4, 2200, 5000],
  );
});

test('a variable of the inventory replaces its setting, and leaves the two others', async () => {
  using tree = new Tree({
    ...GUIDE,
    'inventories/dev.ini': '[litellm]\nh ansible_ssh_common_args="-J other" ansible_port=22\n',
    'ansible.cfg': '[defaults]\nremote_port = 2222\n[ssh_connection]\nssh_args = -C\nssh_common_args = -J bastion\n',
  });
  const { target } = hostOf(await tree.load());
  assert.deepEqual([target.sshArguments, target.port], [['-C', '-J', 'other'], 22]);
});

test('the sources of vault_identity_list are tried in order, and a missing file is left out', async () => {
  using tree = new Tree({
    ...GUIDE,
    'ansible.cfg': '[defaults]\nvault_identity_list = ask@prompt, prod@gone, dev@pw\n',
    pw: readFileSync(join(vault, 'password'), 'utf8'),
    'inventories/group_vars/all/x.yml': readFileSync(join(vault, 'inline.yml'), 'utf8'),
  });
  assert.equal(hostOf(await tree.load()).settings.masterKey.state, 'set');
});

test('where every source of vault_identity_list is missing, the first is named', async () => {
  using tree = new Tree({
    ...GUIDE,
    'ansible.cfg': '[defaults]\nvault_identity_list = dev@gone\n',
    'inventories/group_vars/all/x.yml': readFileSync(join(vault, 'inline.yml'), 'utf8'),
  });
  assert.match(problemsOf(await tree.load())[0]?.detail ?? '', /found gone: no such file/);
});

test('settings that hxllm does not follow are named with their line; their usual values are not', async () => {
  using tree = new Tree({
    ...GUIDE,
    'ansible.cfg':
      '[defaults]\nhash_behaviour = merge\ntransport = smart\n[privilege_escalation]\nbecome = True\nbecome_user = root\n[sudo_become_plugin]\nchdir = /x\n',
  });
  const { warnings } = configOf(await tree.load());
  assert.deepEqual(
    warnings.filter(({ code }) => code === 'config.not-honoured').map(({ where }) => [where?.line, where?.path]),
    [
      [2, 'defaults.hash_behaviour'],
      [8, 'sudo_become_plugin.chdir'],
    ],
  );
});

test('a number that is none, and a line that cannot be parsed, are errors with their line', async () => {
  using tree = new Tree({ ...GUIDE, 'ansible.cfg': '[defaults]\nremote_port = ssh\n' });
  assert.match(problemsOf(await tree.load())[0]?.detail ?? '', /Expected a number from 1 to 65535, found "ssh"/);
  using broken = new Tree({ ...GUIDE, 'ansible.cfg': '[defaults]\nremote_port\n' });
  assert.deepEqual(problemsOf(await broken.load())[0]?.where, { file: 'ansible.cfg', line: 2 });
});

test('the machine’s ansible.cfg counts where the user has none', async () => {
  using tree = new Tree({ 'etc/ansible.cfg': '[defaults]\n', 'home/.ansible.cfg': '[defaults]\n' });
  const find = (home: string): Promise<string | undefined> =>
    findAnsibleCfg(
      { cwd: tree.folder, home: join(tree.folder, home), environment: {} },
      new SourceFiles(tree.folder, new Keyring([])),
      new Findings(),
      join(tree.folder, 'etc/ansible.cfg'),
    );
  assert.equal(await find('home'), join(tree.folder, 'home/.ansible.cfg'));
  assert.equal(await find('nowhere'), join(tree.folder, 'etc/ansible.cfg'));
});
