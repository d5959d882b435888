import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sudoAdvice } from '../../src/core/sudo-advice.ts';
import { borrowLab } from './borrowed.ts';
import { run } from './command.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab();

/** Messages of sudo whose advice writes a line into sudoers. */
const MESSAGES = [
  'sudo: a password is required',
  'sudo: sorry, you must have a tty to run sudo',
  'ann is not in the sudoers file.',
];

test('the advice about sudo is taken by visudo, and does what it says', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must('useradd --create-home ann');
  for (const message of MESSAGES) {
    const { fix } = sudoAdvice(message, 'ann');
    // As root, since the first advice is for a person who knows root's password.
    await host.must(`set -e\n${fix}`);
    assert.match(await host.must('visudo -c'), /\/etc\/sudoers\.d\/hxllm: parsed OK/, fix);
    await host.must('rm -f /etc/sudoers.d/hxllm');
  }
  await host.must(sudoAdvice(MESSAGES[0] ?? '', 'ann').fix);
  assert.equal(await host.must('su ann -c "sudo -n id -u"'), '0');
  await host.must('rm /etc/sudoers.d/hxllm');
});

test('sudo that allows bash alone is enough for every phase', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const operator = createOperator();
  await host.must(
    "sed -i 's/^deploy .*/deploy ALL=(root) NOPASSWD: \\/usr\\/bin\\/bash, \\/bin\\/bash/' /etc/sudoers.d/deploy; visudo -c",
  );
  for (const words of [['preflight'], ['enforce', '--yes'], ['uninstall', '--yes']]) {
    const ran = await operator.deploy(...words);
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  }
  await host.must("sed -i 's/^deploy .*/deploy ALL=(ALL:ALL) NOPASSWD: ALL/' /etc/sudoers.d/deploy");
});

test('a LiteLLM of a user’s own service manager is named with a command that stops it there', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const operator = createOperator();
  await host.must(`set -e
useradd --create-home --shell /bin/bash ben
loginctl enable-linger ben
mkdir -p /home/ben/.config/systemd/user
printf '[Service]\\nExecStart=/usr/bin/systemd-socket-activate --listen=4000 --accept --inetd /bin/true\\n[Install]\\nWantedBy=default.target\\n' >/home/ben/.config/systemd/user/litellm.service
chown -R ben:ben /home/ben/.config
for ((n = 0; n < 100; n++)); do [ -S "/run/user/$(id -u ben)/systemd/private" ] && break; sleep 0.1; done
su ben -c 'export XDG_RUNTIME_DIR=/run/user/$(id -u); systemctl --user daemon-reload; systemctl --user enable --quiet --now litellm.service'
for ((n = 0; n < 100; n++)); do (exec 3<>/dev/tcp/127.0.0.1/4000) 2>/dev/null && break; sleep 0.1; done`);
  const seen = await operator.deploy('preflight');
  assert.equal(seen.exitCode, 1, seen.stdout);
  assert.match(seen.stdout, /✗ .*\[place\.replaceable\]/);
  const fix = /sudo -u ben sh -c '[^\n]* disable --now litellm\.service'/.exec(seen.stdout)?.[0];
  assert.ok(fix !== undefined, seen.stdout);
  const refused = await operator.deploy('enforce', '--take-over', '--yes');
  assert.equal(refused.exitCode, 1, refused.stdout);
  // As a person would: pasted into a shell on the host, as deploy.
  const pasted = await run(host.sshCommand('bash', '-e', '-s'), { stdin: `${fix}\n` });
  assert.equal(pasted.exitCode, 0, pasted.stderr);
  const installed = await operator.deploy('enforce', '--yes');
  assert.equal(installed.exitCode, 0, installed.stdout + installed.stderr);
});

test('smoke fails where a second alias has its model on no server', lab.only, async () => {
  const operator = createOperator();
  operator.edit(
    'inventories/group_vars/all/main.yml',
    'litellm_backends:',
    '  - name: "absent"\n    provider: "ollama"\n    model: "absent:1b"\n\nlitellm_backends:',
  );
  const installed = await operator.deploy('enforce', '--yes');
  assert.equal(installed.exitCode, 0, installed.stdout + installed.stderr);
  const smoked = await operator.deploy('smoke');
  assert.equal(smoked.exitCode, 1, smoked.stdout);
  assert.match(smoked.stdout, /✗ every alias is answered \[models\.answered\]/);
  assert.match(smoked.stdout.replaceAll(/\s+/g, ' '), /found absent: \d+: /);
});
