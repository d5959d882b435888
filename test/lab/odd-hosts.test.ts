import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandResult } from '../../src/core/host.ts';
import { borrowLab } from './borrowed.ts';
import { alive } from './client.ts';
import { changedFiles, type Files } from './host/overlay.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab();
const operator = createOperator();

/** Prepares the host, and returns the differences to its state then. */
async function prepared(script: string): Promise<() => readonly string[]> {
  const host = lab.host('hx-api-server');
  await host.must(`set -e\n${script}`);
  const before: Files = host.files();
  return () => changedFiles(before, host.files());
}

async function passes(...words: readonly string[]): Promise<CommandResult> {
  const ran = await operator.deploy(...words, '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  return ran;
}

async function fails(...words: readonly string[]): Promise<string> {
  const ran = await operator.deploy(...words, '--yes');
  assert.equal(ran.exitCode, 1, ran.stdout + ran.stderr);
  return ran.stdout + ran.stderr;
}

test('a folder of a deleted group is given back by its number', lab.only, async () => {
  const differences = await prepared('mkdir /etc/litellm; chown 0:54321 /etc/litellm; chmod 2750 /etc/litellm');
  await passes('enforce');
  assert.equal(await lab.host('hx-api-server').must('stat -c %a:%G /etc/litellm'), '750:litellm');
  assert.match((await passes('enforce')).stdout, /no changes needed/);
  await passes('uninstall');
  assert.deepEqual(differences(), []);
  assert.match((await passes('uninstall')).stdout, /installed nothing/);
});

test('a folder whose owner was deleted since then becomes root’s', lab.only, async () => {
  const differences = await prepared(
    'rmdir /etc/litellm; useradd --no-create-home old; mkdir /etc/litellm; chown old:old /etc/litellm',
  );
  await passes('enforce');
  const host = lab.host('hx-api-server');
  await host.must('userdel old');
  await passes('uninstall');
  assert.equal(await host.must('stat -c %U:%G:%a /etc/litellm; rmdir /etc/litellm'), 'root:root:755');
  assert.ok(
    differences().every((line) => /^[~-] \/etc\/(?:litellm|passwd|group|shadow|gshadow|subuid|subgid)\b/.test(line)),
  );
});

test('a file of the operator keeps a folder, which is root’s until enforce uses it again', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const differences = await prepared('true');
  await passes('enforce');
  await host.must("echo mine > '/etc/litellm/my notes'");
  for (let times = 0; times < 2; times++) {
    await passes('uninstall');
    assert.equal(await host.must('stat -c %u:%g /etc/litellm'), '0:0');
    await passes('enforce');
  }
  assert.equal(await host.must("cat '/etc/litellm/my notes'; rm '/etc/litellm/my notes'"), 'mine');
  await passes('uninstall');
  assert.deepEqual(differences(), []);
});

test('a failed uninstall is repeated by its own command, never by enforce', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const differences = await prepared('true');
  await passes('enforce');
  await host.must('mount --bind /etc/litellm/config.yaml /etc/litellm/config.yaml');
  const said = await fails('uninstall');
  assert.match(said, /fix +hxllm uninstall/);
  assert.doesNotMatch(said, /hxllm (?:enforce|up)\b/);
  await host.must('umount /etc/litellm/config.yaml');
  await passes('uninstall');
  assert.deepEqual(differences(), []);
});

const FOREIGN = `
mkdir -p /srv/conf
ln -s /srv/conf /etc/litellm
printf 'model_list: []\\n' > /etc/litellm/config.yaml
printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/litellm.service
systemctl daemon-reload
systemctl enable --quiet --now litellm
`;

test('a config folder that is a link is taken over and put back, behind the link', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const differences = await prepared(FOREIGN);
  await passes('enforce', '--take-over');
  assert.equal(await alive(), '200');
  assert.equal(await host.must('readlink /etc/litellm'), '/srv/conf');
  await host.must('sh /var/backups/litellm-*/put-back.sh; rm -r /var/backups/litellm-*');
  await passes('uninstall');
  assert.deepEqual(differences(), []);
  assert.equal(await host.must('systemctl is-active litellm'), 'active');
});

test('where the copies cannot be written nothing is taken over', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const differences = await prepared('mount -t tmpfs -o ro none /var/backups');
  const pid = await host.must('systemctl show -P MainPID litellm');
  assert.match(await fails('enforce', '--take-over'), /Read-only file system/);
  assert.equal(await host.must('systemctl show -P MainPID litellm; umount /var/backups'), pid);
  await passes('uninstall');
  assert.deepEqual(differences(), []);
});

test('a file that cannot be replaced undoes the switch, and the old service runs again', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const differences = await prepared('mount --bind /srv/conf/config.yaml /srv/conf/config.yaml');
  const said = await fails('enforce', '--take-over');
  assert.match(said, /config\.yaml.*Device or resource busy[^]*The previous state is restored and running/);
  assert.equal(await host.must('systemctl is-active litellm; systemctl is-enabled litellm'), 'active\nenabled');
  await host.must('umount /srv/conf/config.yaml; rm -r /var/backups/litellm-*');
  await passes('uninstall');
  assert.deepEqual(differences(), []);
});

test('a socket unit that holds the port is taken over with its service, and put back', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const differences = await prepared(`
systemctl disable --quiet --now litellm
printf '[Socket]\\nListenStream=4000\\nAccept=no\\n[Install]\\nWantedBy=sockets.target\\n' > /etc/systemd/system/litellm-proxy.socket
printf '[Service]\\nExecStart=/bin/sleep infinity\\n' > /etc/systemd/system/litellm-proxy.service
rm -r /etc/systemd/system/litellm.service /etc/litellm /srv/conf
systemctl daemon-reload
systemctl enable --quiet --now litellm-proxy.socket
systemctl start litellm-proxy.service
`);
  assert.match(await fails('enforce'), /litellm-proxy\.socket[^]*--take-over/);
  await passes('enforce', '--take-over');
  assert.equal(await alive(), '200');
  await host.must('sh /var/backups/litellm-*/put-back.sh; rm -r /var/backups/litellm-*');
  assert.equal(
    await host.must(
      'systemctl is-active litellm-proxy.socket litellm-proxy.service; systemctl is-enabled litellm-proxy.socket',
    ),
    'active\nactive\nenabled',
  );
  await passes('uninstall');
  assert.deepEqual(differences(), []);
});

test('a program that hxllm could not put back is refused with the command that stops it', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const differences = await prepared(`
systemctl disable --quiet --now litellm-proxy.socket litellm-proxy.service
rm /etc/systemd/system/litellm-proxy.*
systemctl daemon-reload
systemd-run --quiet --unit=litellm systemd-socket-activate --listen=4000 --accept --inetd /bin/cat
`);
  assert.match(await fails('enforce', '--take-over'), /systemd-run[^]*fix +sudo systemctl stop litellm\.service/);
  await host.must('systemctl stop litellm');
  assert.deepEqual(differences(), []);
});
