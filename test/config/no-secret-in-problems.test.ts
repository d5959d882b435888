import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tree } from './tree.ts';

const HOST = '[litellm]\nh ansible_host=192.0.2.1\n';

/** Files that hxllm cannot read, or reads with a warning, each with a password in the place of the fault. */
const BROKEN: readonly (readonly [file: string, text: string])[] = [
  ['inventories/dev.ini', '[db]\nx ansible_password = canary\n'],
  ['inventories/dev.ini', '[db]\nx ansible_password canary\n'],
  ['inventories/dev.ini', '[db]\nx ansible_password=my canary phrase\n'],
  ['inventories/dev.ini', '[db]\nx password:canary\n'],
  ['inventories/dev.ini', "[db]\nx ansible_password='canary\n"],
  ['inventories/dev.ini', '[db]\n[db:vars]\nsmtp_password: canary\n'],
  ['inventories/dev.ini', '[db]\n[db:vars]\nsmtp_password canary\n'],
  ['inventories/dev.ini', '[db:children]\npassword canary\n'],
  ['inventories/dev.ini', `[litellm]\nh ansible_ssh_common_args="-o ProxyCommand='sshpass -p canary ssh x"\n`],
  ['inventories/dev.ini', "[litellm]\nh\n[litellm:vars]\nlitellm_backends=['http://u:canary/x@h:1']\n"],
  ['inventories/dev.ini', "[litellm]\nh\n[litellm:vars]\nlitellm_backends=['http://h:1/?key=canary']\n"],
  ['inventories/group_vars/all.yml', 'smtp_password: >canary\n'],
  ['inventories/group_vars/all.yml', 'smtp_password: |canary\n'],
  ['inventories/group_vars/all.yml', 'smtp_password: *canary\n'],
  ['inventories/group_vars/all.yml', 'smtp_password: @canary\n'],
  ['inventories/group_vars/all.yml', 'smtp_password: a: canary\n'],
  ['inventories/group_vars/all.yml', 'smtp_password: "canary\n'],
  ['inventories/group_vars/all.yml', 'canary\n'],
  ['inventories/group_vars/all.yml', 'a: !vault |\n  $ANSIBLE_VAULT;9.9;canary\n  00\n'],
  ['inventories/group_vars/all.yml', 'litellm_models:\n- {name: a, model: b, api_key: canary}\n'],
  ['ansible.cfg', '[sudo_become_plugin]\npassword canary\n'],
  ['ansible.cfg', '[sudo_become_plugin]\npassword = a\npassword = canary\n'],
  ['ansible.cfg', 'password = canary\n'],
  ['ansible.cfg', `[ssh_connection]\nssh_args = -o ProxyCommand='sshpass -p canary ssh\n`],
];

for (const [file, text] of BROKEN)
  test(`a Problem about ${JSON.stringify(text)} shows no password`, async () => {
    using tree = new Tree({
      'inventories/dev.ini': HOST,
      [file]: text.includes('[litellm]') ? text : `${text}${file.endsWith('.ini') ? HOST : ''}`,
    });
    const loaded = await tree.load();
    const problems = loaded.ok ? loaded.value.warnings : loaded.problems;
    assert.doesNotMatch(JSON.stringify(problems), /canary/);
    assert.notEqual(problems.length, 0, 'the file is read without a word, so this case proves nothing');
  });
