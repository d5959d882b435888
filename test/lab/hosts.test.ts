import assert from 'node:assert/strict';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { run, until } from './command.ts';
import { changedFiles } from './host/overlay.ts';
import { PLACES, ZONE } from './place.ts';

const lab = borrowLab();

test('every host boots without failed units, with its own name and machine id', lab.only, async () => {
  const machines = new Set<string>();
  for (const { name } of PLACES) {
    assert.equal(await lab.host(name).must('systemctl is-system-running'), 'running');
    assert.equal(await lab.host(name).must('hostname -f'), `${name}.${ZONE}`);
    machines.add(await lab.host(name).must('cat /etc/machine-id'));
  }
  assert.equal(machines.size, PLACES.length);
});

test('the hosts resolve each other through the zone’s name server, and no outside names', lab.only, async () => {
  const host = lab.host('hx-api-server');
  for (const { name, address } of PLACES) {
    assert.match(await host.must(`getent ahostsv4 ${name}`), new RegExp(`^${address} `));
    assert.match(await host.must(`getent ahostsv4 ${name}.${ZONE}`), new RegExp(`^${address} `));
  }
  assert.equal((await host.sh(`getent ahostsv4 nobody.${ZONE}`)).exitCode, 2);
  assert.equal((await host.sh('getent ahostsv4 debian.org')).exitCode, 2);
});

test('the gateway’s host has no curl, Python or Node', lab.only, async () => {
  for (const program of ['curl', 'wget', 'python3', 'node', 'nc', 'openssl']) {
    assert.equal((await lab.host('hx-api-server').sh(`type -P ${program}`)).stdout, '', `${program} is there`);
  }
});

test('Ollama answers the bare host by name, with bash as the only client', lab.only, async () => {
  for (const name of ['hx-llm01-server', 'hx-llm02-server'] as const) {
    const answer = await lab
      .host('hx-api-server')
      .must(
        `exec 3<>/dev/tcp/${name}.${ZONE}/11434; printf 'GET /api/tags HTTP/1.1\\r\\nHost: ${name}\\r\\nConnection: close\\r\\n\\r\\n' >&3; cat <&3`,
      );
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.match(answer, /phi3:3\.8b-mini-128k-instruct-q8_0/);
    assert.match(answer, /llama3:8b-instruct-q8_0/);
  }
});

test('deploy logs in with its key and a known host key, and may sudo without a password', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const ran = await run(host.sshCommand('id -un; sudo -n id -un'));
  assert.equal(ran.stdout, 'deploy\nroot\n', ran.stderr);
});

test('a changed host key is refused', lab.only, async () => {
  const host = lab.host('hx-llm02-server');
  await host.must(
    'mv /etc/ssh/ssh_host_ed25519_key /root/ && mv /etc/ssh/ssh_host_ed25519_key.pub /root/ && ssh-keygen -A && systemctl restart ssh',
  );
  const ran = await run(host.sshCommand('-v', 'true').filter((word) => word !== '-q'));
  assert.equal(ran.exitCode, 255);
  assert.match(ran.stderr, /REMOTE HOST IDENTIFICATION HAS CHANGED/);
  await host.must('mv /root/ssh_host_ed25519_key* /etc/ssh/ && systemctl restart ssh');
  assert.equal((await run(host.sshCommand('true'))).exitCode, 0);
});

test('the hosts’ disks show exactly the changes', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const before = host.files();
  // Used, but not changed: a login, a query, a file rewritten with the same content.
  await run(host.sshCommand('sudo -n systemctl status'));
  await host.must('cp -p /etc/passwd /root/copy && cat /root/copy >/etc/passwd && rm /root/copy');
  assert.deepEqual(changedFiles(before, host.files()), []);
  await host.must(
    'mkdir /opt/new && echo 1 >/opt/new/file && chmod 600 /etc/issue && rm /etc/debian_version && rm -r /etc/ssh/sshd_config.d && mkdir /etc/ssh/sshd_config.d',
  );
  assert.deepEqual(
    changedFiles(before, host.files()).map((line) => line.split(' (')[0]),
    ['- /etc/debian_version', '~ /etc/issue', '- /etc/ssh/sshd_config.d/lab.conf', '+ /opt/new', '+ /opt/new/file'],
  );
  await host.must('mkdir -p /root/undone');
});

test('a reboot keeps the disk and starts enabled units', lab.only, async () => {
  const host = lab.host('hx-llm01-server');
  await host.must('echo kept >/root/kept');
  const boot = await host.must(
    'cat /proc/sys/kernel/random/boot_id; systemctl show --value -p UserspaceTimestampMonotonic',
  );
  await host.reboot();
  assert.notEqual(
    await host.must('cat /proc/sys/kernel/random/boot_id; systemctl show --value -p UserspaceTimestampMonotonic'),
    boot,
  );
  assert.equal(await host.must('cat /root/kept; systemctl is-active ollama'), 'kept\nactive');
});

test('stopping a service ends all its processes, not only the main one', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const count = 'readlink /proc/[0-9]*/exe | grep -c /sleep$ || true';
  await host.must("systemd-run --quiet --unit=family --collect /bin/bash -c 'sleep 1000 & sleep 1000 & wait'");
  await until('both children', 30_000, async () => (await host.must(count)) === '2');
  await host.must('systemctl stop family');
  assert.equal(await host.must(count), '0');
});
