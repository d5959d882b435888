import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { quote } from '../../src/core/shell.ts';
import { borrowLab } from './borrowed.ts';
import { changedFiles, type Files } from './host/overlay.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab();
const operator = createOperator();
const PASSWORD = "canary $HOME it's";
let bare: Files = new Map();

/** `deploy` needs a password for sudo, which keeps no ticket and logs the input and output of every command. */
const PREPARE = `
set -e
printf %s ${quote(`deploy:${PASSWORD}`)} | chpasswd
sed -i 's/^deploy .*/deploy ALL=(ALL:ALL) ALL/' /etc/sudoers.d/deploy
printf 'Defaults log_input, log_output\\nDefaults use_pty\\nDefaults insults\\n' > /etc/sudoers.d/aa-log
chmod 440 /etc/sudoers.d/aa-log
visudo -c
`;

test('the host wants a password for sudo', lab.only, async () => {
  const host = lab.host('hx-api-server');
  bare = host.files();
  await host.must(PREPARE);
  const ran = await operator.deploy('preflight');
  assert.equal(ran.exitCode, 1, ran.stdout);
  assert.match(ran.stdout, /✗ .*\[privilege\.sudo\][^]*--ask-become-pass/);
});

test(
  'with become_password_file every phase passes by both transports, and neither sudo’s log nor the evidence has the password',
  lab.only,
  async () => {
    const host = lab.host('hx-api-server');
    writeFileSync(join(operator.folder, 'sudo-password'), `${PASSWORD}\n`);
    writeFileSync(
      join(operator.folder, 'ansible.cfg'),
      '[defaults]\nbecome_password_file = sudo-password\n[privilege_escalation]\nbecome = True\nbecome_flags = -H -S -n\n[sudo_become_plugin]\nexecutable = /usr/bin/sudo\n',
    );
    const byOpenSsh = ['--transport', 'openssh'];
    for (const words of [
      ['preflight'],
      ['preflight', ...byOpenSsh],
      ['enforce', '--yes', ...byOpenSsh],
      ['enforce', '--dry-run'],
      ['uninstall', '--yes', ...byOpenSsh],
    ]) {
      const ran = await operator.deploy(...words);
      assert.equal(ran.exitCode, 0, `${words.join(' ')}\n${ran.stdout}${ran.stderr}`);
      assert.doesNotMatch(ran.stdout + ran.stderr, /canary/);
    }
    assert.doesNotMatch(operator.evidence(), /canary/);
    assert.ok(Number(await host.must('find /var/log/sudo-io -type f -exec zcat -f {} + | wc -c')) > 0);
    assert.equal(await host.must("find /var/log/sudo-io -type f -exec zcat -f {} + | grep -ac 'canary' || :"), '0');
  },
);

test('a wrong password fails once, in its own words', lab.only, async () => {
  const host = lab.host('hx-api-server');
  writeFileSync(join(operator.folder, 'sudo-password'), 'another word\n');
  const since = await host.must('date +%s');
  for (const words of [['preflight'], ['enforce', '--yes']]) {
    const ran = await operator.deploy(...words);
    assert.notEqual(ran.exitCode, 0, ran.stdout);
    assert.match(ran.stdout + ran.stderr, /incorrect password attempt/);
  }
  const failures = await host.must(
    `journalctl --since=@${since} -q | grep -c 'pam_unix(sudo:auth): authentication failure' || :`,
  );
  assert.equal(failures, '2', 'each of the two commands tried the password once');
});

test('the host is as it was', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must(
    "rm -r /var/log/sudo-io /etc/sudoers.d/aa-log; sed -i 's/^deploy .*/deploy ALL=(ALL:ALL) NOPASSWD: ALL/' /etc/sudoers.d/deploy; passwd -l deploy >/dev/null",
  );
  assert.equal(await host.must('ls -A /run/hxllm /dev/shm /run/user 2>/dev/null | grep hxllm || :'), '');
  assert.deepEqual(
    changedFiles(bare, host.files()).filter((path) => !/sudo\/(?:ts|lectured)|shadow|sudoers\.d\/deploy/.test(path)),
    [],
  );
});
