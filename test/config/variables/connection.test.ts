import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostOf, problemsOf, Tree } from '../tree.ts';

const inventory = (line: string): Tree => new Tree({ 'inventories/dev.ini': `[litellm]\n${line}\n` });

test('Ansible’s connection variables define the target', async () => {
  using tree = inventory(
    `gw:2222 ansible_host=192.0.2.7 ansible_user=admin ansible_ssh_private_key_file=~/.ssh/id ansible_ssh_timeout=3 ansible_host_key_checking=no ansible_password="p w" ansible_ssh_common_args='-o ProxyJump=bastion -o "UserKnownHostsFile=/a b"' ansible_ssh_extra_args="-J x"`,
  );
  const { target } = hostOf(await tree.load());
  assert.deepEqual(
    { ...target, password: target.password?.reveal() },
    {
      name: 'gw',
      address: '192.0.2.7',
      port: 2222,
      user: 'admin',
      connection: 'ssh',
      identityFiles: [join(tree.folder, 'home/.ssh/id')],
      sshArguments: ['-o', 'ProxyJump=bastion', '-o', 'UserKnownHostsFile=/a b', '-J', 'x'],
      hostKeyChecking: false,
      connectTimeoutMs: 3000,
      password: 'p w',
    },
  );
});

test('a user whose name is a number is that user, in INI and YAML, quoted or not', async () => {
  for (const text of ['ansible_user=1001', 'ansible_user="1001"', 'ansible_ssh_user=1001']) {
    using tree = inventory(`gw ${text}`);
    assert.equal(hostOf(await tree.load()).target.user, '1001', text);
  }
  using tree = inventory('gw ansible_user=true');
  assert.equal(hostOf(await tree.load()).target.user, 'true');
});

test('ansible_connection=local reaches this machine without SSH', async () => {
  using tree = inventory('localhost ansible_connection=local');
  assert.equal(hostOf(await tree.load()).target.connection, 'local');
});

test('a host that is an IPv6 address keeps it', async () => {
  using tree = inventory('[2001:db8::1]:2200');
  const { target } = hostOf(await tree.load());
  assert.deepEqual([target.address, target.port], ['2001:db8::1', 2200]);
});

test('an invalid connection, port or argument is a Problem', async () => {
  for (const [line, path] of [
    ['h ansible_connection=winrm', 'ansible_connection'],
    ['h ansible_port=ssh', 'ansible_port'],
    [`h ansible_ssh_common_args="-o 'x"`, 'ansible_ssh_common_args'],
    ['h ansible_host=', 'ansible_host'],
  ] as const) {
    using tree = inventory(line);
    const [problem] = problemsOf(await tree.load());
    assert.deepEqual([problem?.where?.path, problem?.where?.line], [path, 2], line);
  }
});
