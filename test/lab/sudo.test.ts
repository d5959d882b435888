import assert from 'node:assert/strict';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { readMasterKey } from './client.ts';
import { changedFiles, type Files } from './host/overlay.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab();
const operator = createOperator();
const key = await readMasterKey();
let bare: Files = new Map();

/** sudo logs the input and output of every command, runs it in a terminal of its own, and takes four seconds each time. */
const PREPARE = `
set -e
printf 'Defaults log_input, log_output\\nDefaults use_pty\\n' > /etc/sudoers.d/aa-log
printf '#!/bin/sh\\n[ "$PAM_TYPE" = open_session ] || exit 0\\necho "$PAM_RUSER" >> /var/tmp/sudo-calls\\nsleep 4\\n' > /usr/local/sbin/slow
chmod 755 /usr/local/sbin/slow
printf 'session required pam_exec.so quiet /usr/local/sbin/slow\\n' >> /etc/pam.d/sudo
chmod 440 /etc/sudoers.d/aa-log
visudo -c
`;

/** The texts that sudo's log must not hold: the key, a line of config.yaml, a line of the gateway. Preflight's questions name keys of config.yaml. */
const CANARIES = [key, 'phi3:3.8b-mini-128k', 'only 100-continue is supported'];

async function calls(): Promise<number> {
  const host = lab.host('hx-api-server');
  const count = Number(await host.must('cat /var/tmp/sudo-calls 2>/dev/null | wc -l; rm -f /var/tmp/sudo-calls'));
  return count;
}

async function assertNotLogged(): Promise<void> {
  const host = lab.host('hx-api-server');
  const log = 'find /var/log/sudo-io -type f -exec zcat -f {} +';
  assert.ok(Number(await host.must(`${log} | wc -c`)) > 0, 'sudo logs nothing, so this test proves nothing');
  for (const canary of CANARIES) assert.equal(await host.must(`${log} | grep -acF -- '${canary}' || :`), '0', canary);
  // The payload is 49 MB.
  assert.ok(Number(await host.must(`${log} | wc -c`)) < 500_000);
}

test('the host logs what passes through sudo, and sudo is slow', lab.only, async () => {
  const host = lab.host('hx-api-server');
  bare = host.files();
  await host.must(PREPARE);
});

test('preflight warns by name that sudo logs', lab.only, async () => {
  const ran = await operator.deploy('preflight');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /\/etc\/sudoers\.d\/aa-log:1: Defaults log_input,\s+log_output/);
  assert.equal(await calls(), 1);
});

test('enforce calls sudo once, and sudo’s own log holds neither the key nor what was sent', lab.only, async () => {
  const fromMs = Date.now();
  const ran = await operator.deploy('enforce', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  // A sudo for each command would add more than 100 s, on a busy machine too.
  assert.ok(Date.now() - fromMs < 60_000, `${String(Date.now() - fromMs)} ms`);
  assert.equal(await calls(), 1);
  await assertNotLogged();
});

test('the same holds for a second enforce, a dry run and an uninstall', lab.only, async () => {
  const host = lab.host('hx-api-server');
  for (const words of [
    ['enforce', '--yes'],
    ['enforce', '--dry-run'],
    ['uninstall', '--yes'],
  ]) {
    const ran = await operator.deploy(...words);
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    assert.equal(await calls(), 1, words.join(' '));
  }
  for (const canary of CANARIES.slice(0, 1))
    assert.equal(await host.must(`find /var/log/sudo-io -type f -exec zcat -f {} + | grep -acF '${canary}' || :`), '0');
  await host.must(
    "rm -r /var/log/sudo-io /etc/sudoers.d/aa-log /usr/local/sbin/slow && sed -i '/slow$/d' /etc/pam.d/sudo",
  );
  assert.equal(await host.must('ls -A /run/hxllm /dev/shm /run/user 2>/dev/null | grep hxllm || :'), '');
  assert.deepEqual(
    changedFiles(bare, host.files()).filter((path) => !/pam\.d\/sudo|sudo\/ts/.test(path)),
    [],
  );
});
