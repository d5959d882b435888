import assert from 'node:assert/strict';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { alive } from './client.ts';
import { changedFiles, type Files } from './host/overlay.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab();
const operator = createOperator();
let bare: Files = new Map();

/** Drop-ins as operators make them, before hxllm is installed: by hand, by `systemctl edit`, for every service. */
const KEPT = `
set -e
mkdir -p /etc/systemd/system/{litellm.service.d,service.d,litellm.socket.d} /usr/lib/systemd/system/litellm.service.d
printf '[Service]\\nMemoryMax=2G\\n' > /etc/systemd/system/litellm.service.d/override.conf
printf '[Service]\\nTasksMax=500\\n' > /etc/systemd/system/service.d/all.conf
printf '[Socket]\\nBacklog=100\\n' > /etc/systemd/system/litellm.socket.d/10-backlog.conf
printf '[Service]\\nNice=5\\n' > /usr/lib/systemd/system/litellm.service.d/package.conf
`;
const PATHS = [
  '/etc/systemd/system/litellm.service.d/override.conf',
  '/etc/systemd/system/service.d/all.conf',
  '/etc/systemd/system/litellm.socket.d/10-backlog.conf',
  '/lib/systemd/system/litellm.service.d/package.conf',
];

test('enforce installs beside drop-ins, keeps them and names them', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must(KEPT);
  bare = host.files();
  const ran = await operator.deploy('up', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  for (const path of PATHS) assert.ok(ran.stdout.replaceAll(/\s+/g, ' ').includes(path), `${path}\n${ran.stdout}`);
  for (const unit of ['litellm', 'litellm@1'])
    assert.equal(await host.must(`systemctl show ${unit} -P MemoryMax,TasksMax,Nice`), '2147483648\n500\n5');
});

test('later runs change nothing, also with properties set by systemctl and with --take-over', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must(
    'systemctl set-property litellm.service CPUWeight=50 && systemctl set-property --runtime litellm.service IOWeight=50',
  );
  const [before, pid] = [host.files(), await host.must('systemctl show -P MainPID litellm')];
  for (const words of [['enforce'], ['enforce', '--take-over'], ['enforce', '--take-over']]) {
    const ran = await operator.deploy(...words, '--yes');
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    assert.equal(operator.lastRun().changes, 0, ran.stdout);
    assert.match(ran.stdout, /50-CPUWeight\.conf/);
  }
  assert.deepEqual(changedFiles(before, host.files()), []);
  assert.equal(await host.must('systemctl show -P MainPID litellm'), pid);
  assert.equal(await host.must('ls /var/backups | grep litellm || true'), '');
});

test(
  'a drop-in with which the gateway cannot work is a warning with its path; a failed switch keeps it too',
  lab.only,
  async () => {
    const host = lab.host('hx-api-server');
    const path = '/etc/systemd/system/litellm.service.d/zz-user.conf';
    await host.must(
      `printf '# sk-hidden\\n[Service]\\nUser=\\\\\\n  nobody\\nExecReload=/bin/false\\nEnvironment=TOKEN=sk-hidden-value\\n' > ${path}`,
    );
    const dry = await operator.deploy('enforce', '--dry-run');
    assert.match(dry.stdout, /!.*drop-ins/);
    assert.ok(dry.stdout.replaceAll(/\s+/g, ' ').includes(`${path}: User: `), dry.stdout);
    await host.must('systemctl daemon-reload; rm /etc/litellm/config.yaml');
    const ran = await operator.deploy('enforce', '--yes');
    assert.equal(ran.exitCode, 1, ran.stdout + ran.stderr);
    assert.match(await host.must(`cat ${path}`), /TOKEN/);
    assert.ok(!operator.evidence().includes('sk-hidden'));
    // As systemd sees it, the value is the right one.
    await host.must(`printf '[Service]\\nUser=%%p\\n' > ${path}; systemctl daemon-reload`);
    const fixed = await operator.deploy('enforce', '--yes');
    assert.equal(fixed.exitCode, 0, fixed.stdout + fixed.stderr);
    assert.doesNotMatch(fixed.stdout, /!.*drop-ins/);
    assert.equal(await alive(), '200');
  },
);

test('uninstall leaves the drop-ins and names them', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must('rm /etc/systemd/system/litellm.service.d/zz-user.conf; rm -r /etc/systemd/system.control');
  const ran = await operator.deploy('uninstall', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  assert.deepEqual(changedFiles(bare, host.files()), []);
  // A drop-in of all services is none of litellm's.
  for (const path of PATHS)
    assert.equal(
      ran.stdout.replaceAll(/\s+/g, ' ').includes(`${path}: a drop-in`),
      !path.includes('/service.d/'),
      path,
    );
});
