import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { isSudo, sudoWords, type Sudo } from '../../../src/core/become.ts';
import { Secret } from '../../../src/core/secret.ts';
import { configOf, hostOf, problemsOf, Tree } from '../tree.ts';

interface Files {
  readonly line?: string;
  readonly cfg?: string;
  readonly more?: Readonly<Record<string, string>>;
}

const treeOf = ({ line = 'h', cfg = '', more = {} }: Files): Tree =>
  new Tree({ 'inventories/dev.ini': `[litellm]\n${line}\n`, 'ansible.cfg': cfg, ...more });

type Load = Parameters<Tree['load']>[0];

async function sudoFor(files: Files, request: Load = {}): Promise<Sudo> {
  using tree = treeOf(files);
  const { become } = hostOf(await tree.load(request));
  assert.ok(isSudo(become), inspect(become));
  return become;
}

const wordsFor = async (files: Files, environment: Readonly<Record<string, string>> = {}): Promise<string> =>
  sudoWords(await sudoFor(files, { environment }));

test('become_exe and become_flags make sudo’s words; variables precede the environment, which precedes ansible.cfg', async () => {
  const cfg =
    '[privilege_escalation]\nbecome = True\nbecome_method = sudo\nbecome_user = root\nbecome_exe = /opt/s/sudo\nbecome_flags = -H -S -n\n';
  assert.equal(await wordsFor({}), 'sudo');
  assert.equal(await wordsFor({ cfg }), '/opt/s/sudo -H');
  assert.equal(await wordsFor({ cfg: `${cfg}[sudo_become_plugin]\nexecutable = sudo2\nflags = -E\n` }), 'sudo2 -E');
  assert.equal(await wordsFor({ cfg }, { ANSIBLE_BECOME_EXE: 'env-sudo', ANSIBLE_BECOME_FLAGS: '-k' }), 'env-sudo -k');
  const both = { ANSIBLE_BECOME_EXE: 'a', ANSIBLE_SUDO_EXE: 'b', ANSIBLE_BECOME_FLAGS: '-H', ANSIBLE_SUDO_FLAGS: '-P' };
  assert.equal(await wordsFor({ cfg }, both), 'b -P');
  const line = `h ansible_become_exe="nice sudo" ansible_become_flags="-HSnE -r 'sys adm' --preserve-env=LANG"`;
  assert.equal(await wordsFor({ cfg, line }, both), "nice sudo -H -E -r 'sys adm' --preserve-env=LANG");
  assert.equal(await wordsFor({ cfg, line: `${line} ansible_sudo_exe=c ansible_sudo_flags=-k` }, both), 'c -k');
  assert.equal(await wordsFor({ cfg, line: 'h ansible_become_exe= ansible_become_flags=' }, both), 'sudo');
});

test('the flags that decide about the password are hxllm’s, and a shell of sudo’s own is named', async () => {
  assert.equal(
    await wordsFor({ line: 'h ansible_become_flags="-nSH --stdin --prompt x -p y -u root -u#0"' }),
    '-u root'.replace(/^/, 'sudo -H ') + " -u '#0'",
  );
  using tree = treeOf({ cfg: '[sudo_become_plugin]\nflags = -H -i\n' });
  const [warning] = configOf(await tree.load()).warnings;
  assert.deepEqual(
    [warning?.where?.line, warning?.summary],
    [2, '-i of sudo_become_plugin.flags is not supported, ignored'],
  );
});

for (const [title, files, expected] of [
  ['another method', { cfg: '[privilege_escalation]\nbecome_method = su\n' }, ['ansible.cfg', 2, /sudo.*found "su"/]],
  ['doas for one host', { line: 'h ansible_become_method=community.general.doas' }, ['inventories/dev.ini', 2, /sudo/]],
  [
    'another user',
    { cfg: '[privilege_escalation]\n\nbecome_user = postgres\n' },
    ['ansible.cfg', 3, /root.*found "postgres"/],
  ],
  ['another user of the plugin', { cfg: '[sudo_become_plugin]\nuser = ops\n' }, ['ansible.cfg', 2, /found "ops"/]],
  ['another user of a host', { line: 'h ansible_become_user=1001' }, ['inventories/dev.ini', 2, /root/]],
  [
    'a flag for another user',
    { cfg: '[privilege_escalation]\nbecome_flags = -H -u ops\n' },
    ['ansible.cfg', 2, /-u ops/],
  ],
  ['a flag that runs nothing', { line: 'h ansible_become_flags="-H -l"' }, ['inventories/dev.ini', 2, /found "-l"/]],
  ['a word that is no flag', { line: 'h ansible_become_flags="su -"' }, ['inventories/dev.ini', 2, /found "su"/]],
  ['an open quotation mark', { cfg: `[privilege_escalation]\nbecome_flags = -r 'x\n` }, ['ansible.cfg', 2, /closed/]],
] as const)
  test(`${title} is refused with its line`, async () => {
    using tree = treeOf(files);
    const [problem, ...more] = problemsOf(await tree.load());
    assert.deepEqual([problem?.where?.file, problem?.where?.line, more], [expected[0], expected[1], []]);
    assert.match(problem?.detail ?? '', expected[2]);
  });

test('a variable of the environment is named in the place of a file', async () => {
  using tree = treeOf({});
  const [problem] = problemsOf(await tree.load({ environment: { ANSIBLE_BECOME_METHOD: 'su' } }));
  assert.deepEqual(problem?.where, { path: 'ANSIBLE_BECOME_METHOD' });
});

test('a variable of the inventory replaces a setting that would be refused, and root needs no way to root', async () => {
  const cfg = '[privilege_escalation]\nbecome_method = su\nbecome_user = postgres\n';
  assert.equal(await wordsFor({ cfg, line: 'h ansible_become_method=sudo ansible_become_user=root' }), 'sudo');
  assert.equal(await wordsFor({ cfg, line: 'h ansible_user=root' }), 'sudo');
  using tree = treeOf({ cfg, line: 'h litellm_service_manager=process litellm_prefix=/p' });
  assert.equal(hostOf(await tree.load()).become, 'none');
});

test('ansible_become=false forbids the way to root; become=False of ansible.cfg does not', async () => {
  using tree = treeOf({ line: 'h ansible_become=no' });
  assert.deepEqual(hostOf(await tree.load()).become, { by: 'ansible_become (inventories/dev.ini:2)' });
  assert.equal(await wordsFor({ cfg: '[privilege_escalation]\nbecome = False\n' }), 'sudo');
  using odd = treeOf({ line: 'h ansible_become=perhaps' });
  assert.match(problemsOf(await odd.load())[0]?.detail ?? '', /true or false/);
});

test('the password comes from a variable, else from the question or the file, else from the environment and ansible.cfg', async () => {
  const cfg = '[defaults]\nbecome_password_file = secrets/pw\n[sudo_become_plugin]\npassword = "from cfg"\n';
  const environment = { ANSIBLE_BECOME_PASS: 'from-env' };
  const more = { 'secrets/pw': ' from file\n', other: 'from option\n' };
  const asking = (wanted: boolean, file?: string): Load => ({
    environment,
    become: { wanted, file, ask: () => Promise.resolve(new Secret(' typed ')) },
  });
  const passwordFor = async (files: Files, request?: Load): Promise<string | undefined> =>
    (await sudoFor({ cfg, more, ...files }, request)).password?.reveal();
  assert.equal(await passwordFor({}), 'from cfg');
  assert.equal(await passwordFor({}, { environment }), 'from-env');
  assert.equal(await passwordFor({}, asking(false)), 'from file');
  assert.equal(await passwordFor({}, asking(false, 'other')), 'from option');
  assert.equal(await passwordFor({}, asking(true)), ' typed ');
  const asks = { cfg: '[privilege_escalation]\nbecome_ask_pass = yes\n' };
  assert.equal(await passwordFor(asks, asking(false)), ' typed ');
  assert.equal(await passwordFor(asks, { environment: { ...environment, ANSIBLE_BECOME_ASK_PASS: 'no' } }), 'from-env');
  const line = 'h ansible_become_password=1234 ansible_become_pass=b';
  assert.equal(await passwordFor({ line }, asking(true)), 'b');
  assert.equal(await passwordFor({ line: `${line} ansible_sudo_pass="c d"` }, asking(true)), 'c d');
  assert.equal(await passwordFor({ line: 'h ansible_become_password=1234' }), '1234');
});

test('a program prints the password; a missing file and a missing terminal have their own words', async () => {
  using tree = treeOf({ more: { 'pw.sh': '#!/bin/sh\necho printed\n' } });
  chmodSync(join(tree.folder, 'pw.sh'), 0o755);
  const read = (file: string | undefined, wanted = false): ReturnType<Tree['load']> =>
    tree.load({ become: { wanted, file, ask: undefined } });
  const { become } = hostOf(await read('pw.sh'));
  assert.equal(isSudo(become) && become.password?.reveal(), 'printed');
  const [missing] = problemsOf(await read('gone'));
  assert.deepEqual([missing?.code, missing?.where], ['config.become-password', { file: 'gone' }]);
  assert.match(missing?.detail ?? '', /gone: no such file/);
  assert.equal(problemsOf(await read(undefined, true))[0]?.code, 'usage.become-password');
  assert.doesNotMatch(inspect(become, { depth: 9 }) + JSON.stringify(become), /printed/);
});

test('a password in a vault that is not opened is a warning', async () => {
  const vault = readFileSync(join(import.meta.dirname, '../fixtures/vault/default.vault'), 'utf8');
  const text = `ansible_become_password: !vault |\n${vault.trimEnd().replaceAll(/^/gm, '  ')}\n`;
  using tree = treeOf({ more: { 'inventories/host_vars/h.yml': text } });
  const [warning] = configOf(await tree.load()).warnings;
  assert.deepEqual([warning?.code, warning?.where?.line], ['vault.password-needed', 1]);
});
