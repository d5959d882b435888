import assert from 'node:assert/strict';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { alive } from './client.ts';
import { changedFiles, type Files } from './host/overlay.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab();
const operator = createOperator();

/** Runs a command that must end with this code; returns what it said. */
async function says(exitCode: number, ...words: readonly string[]): Promise<string> {
  const ran = await operator.deploy(...words);
  assert.equal(ran.exitCode, exitCode, ran.stdout + ran.stderr);
  return (ran.stdout + ran.stderr).replaceAll(/\s+/g, ' ');
}

/** Prepares the host, and returns the differences to its state then. */
async function prepared(script: string): Promise<() => readonly string[]> {
  const host = lab.host('hx-api-server');
  await host.must(`set -e\n${script}`);
  const before: Files = host.files();
  return () => changedFiles(before, host.files());
}

const UNITS = '/etc/systemd/system/litellm.service /etc/systemd/system/litellm.socket';

test('enforce repairs what somebody has removed, with the gateway still running', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const differences = await prepared(':');
  await says(0, 'enforce', '--yes');
  // With the units in systemd's memory, and without.
  for (const removed of [`rm ${UNITS}`, `rm -r ${UNITS} /opt/litellm /etc/litellm; systemctl daemon-reload`]) {
    await host.must(removed);
    await says(0, 'enforce', '--yes');
    assert.equal(await alive(), '200', removed);
    assert.match(await says(0, 'enforce', '--yes'), /no changes needed/, removed);
  }
  await says(0, 'uninstall', '--yes');
  assert.deepEqual(differences(), []);
});

test('an uninstall stops and removes all after somebody has removed a part of it', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const differences = await prepared(':');
  for (const removed of [
    `rm ${UNITS}; systemctl daemon-reload`,
    `rm -r ${UNITS} /opt/litellm`,
    'rm -r /etc/litellm',
    // As a power cut in a first switch leaves them.
    `systemctl disable --quiet --now litellm.socket litellm.service; for path in /etc/litellm/{config.yaml,litellm.env} ${UNITS} /opt/litellm/current; do mv -T "$path" "$path.hxllm-new"; done`,
  ]) {
    await says(0, 'enforce', '--yes');
    assert.equal(await alive(), '200');
    await host.must(removed);
    await says(0, 'uninstall', '--yes');
    assert.deepEqual(differences(), [], removed);
    assert.equal(await host.must('systemctl list-units --no-legend "litellm*"; ss -Hltn sport = :4000'), '', removed);
  }
  assert.match(await says(0, 'uninstall', '--yes'), /hxllm has installed nothing here/);
});

test('a named pipe in the place of a file is taken over and put back; nothing waits for it', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const differences = await prepared('mkdir /etc/litellm; mkfifo /etc/litellm/config.yaml');
  assert.match(await says(0, 'preflight'), /config\.yaml: a fifo/);
  await says(0, 'enforce', '--take-over', '--yes');
  await host.must('sh /var/backups/litellm-*/put-back.sh; rm -r /var/backups/litellm-*');
  await says(0, 'uninstall', '--yes');
  assert.deepEqual(differences(), []);
  await host.must('rm -r /etc/litellm');
});

test('a folder in the place of a file is an error of preflight, and its fix makes way', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const differences = await prepared('mkdir -p /etc/litellm/config.yaml/mine');
  const fix = /sudo mv \/etc\/litellm\/config\.yaml \/etc\/litellm\/config\.yaml\.foreign/;
  assert.match(await says(1, 'preflight'), fix);
  assert.match(await says(1, 'enforce', '--take-over', '--yes'), fix);
  assert.deepEqual(differences(), []);
  await host.must('rm -r /etc/litellm');
});

test('a unit that never ran is put back as it was, without waiting for it', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const state = 'systemctl is-active litellm || true; systemctl is-enabled litellm';
  for (const service of [
    'Type=exec\\nExecStart=/srv/gone\\nRestart=always\\nRestartSec=1',
    'Type=notify\\nExecStart=/bin/sleep infinity\\nTimeoutStartSec=3600',
  ]) {
    const differences = await prepared(`
printf '[Unit]\\nStartLimitIntervalSec=0\\n[Service]\\n${service}\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/litellm.service
systemctl daemon-reload; systemctl enable --quiet litellm; systemctl start --no-block litellm`);
    assert.equal(await host.must(state), 'activating\nenabled');
    await says(0, 'enforce', '--take-over', '--yes');
    const said = await host.must('timeout 60 sh /var/backups/litellm-*/put-back.sh; rm -r /var/backups/litellm-*');
    assert.match(said, /litellm\.service \(starting, as before\)\.$/);
    assert.equal(await host.must(state), 'activating\nenabled');
    await says(0, 'uninstall', '--yes');
    assert.deepEqual(differences(), []);
    await host.must(
      'systemctl disable --quiet --now litellm; rm /etc/systemd/system/litellm.service; systemctl daemon-reload',
    );
  }
});

test('a unit that requires the replaced one runs on, and again after put-back.sh', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const differences = await prepared(`
printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/litellm.service
printf '[Unit]\\nBindsTo=litellm.service\\nAfter=litellm.service\\n[Service]\\nExecStart=/bin/sleep infinity\\n' >/etc/systemd/system/exporter.service
systemctl daemon-reload; systemctl enable --quiet --now litellm; systemctl start exporter`);
  const runs = 'timeout 20 bash -c "until systemctl is-active exporter; do sleep 0.1; done" | tail -n 1';
  await says(0, 'enforce', '--take-over', '--yes');
  assert.equal(await host.must(runs), 'active');
  operator.edit('inventories/group_vars/all/main.yml', 'litellm_backends:', 'litellm_port: 4100\nlitellm_backends:');
  await says(0, 'enforce', '--yes');
  assert.equal(await host.must(runs), 'active');
  operator.edit('inventories/group_vars/all/main.yml', 'litellm_port: 4100\n', '');
  await host.must('sh /var/backups/litellm-*/put-back.sh; rm -r /var/backups/litellm-*');
  assert.equal(await host.must(runs), 'active');
  await says(0, 'uninstall', '--yes');
  assert.equal(await host.must(runs), 'active');
  assert.deepEqual(differences(), []);
  await host.must(
    'systemctl stop exporter; systemctl disable --quiet --now litellm; rm /etc/systemd/system/{litellm,exporter}.service; systemctl daemon-reload',
  );
});

test('a LiteLLM that another program’s unit started is refused, and that unit runs on', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const differences = await prepared(`
mkdir -p /srv/jobs; printf '#!/bin/bash\\nexec systemd-socket-activate --listen=4000 --accept --inetd /srv/litellm\\n' >/srv/jobs/daily; chmod 755 /srv/jobs/daily
printf '[Service]\\nExecStart=/usr/bin/timeout 1d /srv/jobs/daily\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/cron.service
systemctl daemon-reload; systemctl enable --quiet --now cron`);
  const fix = /sudo kill \d+ # on hx-api-server; cron\.service started it/;
  assert.match(await says(1, 'preflight'), fix);
  assert.match(await says(1, 'enforce', '--take-over', '--yes'), fix);
  assert.equal(await host.must('systemctl is-active cron; systemctl is-enabled cron'), 'active\nenabled');
  assert.deepEqual(differences(), []);
});
