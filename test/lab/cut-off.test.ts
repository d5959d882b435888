import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { alive } from './client.ts';
import { must, until } from './command.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab();
const operator = createOperator();
const MAIN = 'inventories/group_vars/all/main.yml';

interface Document {
  readonly ending: string;
  readonly changes: number;
  readonly closedBy?: string;
  readonly closed?: readonly string[];
}

/** The run.json of the runs of enforce, oldest first, without those that have none. */
function runs(): readonly Document[] {
  return globSync('evidence/enforce/*/run.json', { cwd: operator.folder })
    .toSorted()
    .map((file) => JSON.parse(readFileSync(join(operator.folder, file), 'utf8')) as Document);
}

/** Waits on the host, without the operator, until a condition of bash holds. */
async function onHost(condition: string): Promise<void> {
  await lab.host('hx-api-server').must(`timeout 60 bash -c 'until ${condition}; do sleep 0.01; done'`);
}

/** The lock is free. */
async function released(): Promise<void> {
  const host = lab.host('hx-api-server');
  try {
    await until('the host to release the lock', 60_000, async () => {
      const seen = await host.sh('[ -e /run/hxllm ] || ls -d /dev/shm/hxllm-* 2>/dev/null');
      return seen.exitCode !== 0;
    });
  } catch (error) {
    const left = await host.sh(
      'ls -la /run/hxllm /dev/shm; head /run/hxllm/lock; ps -eo pid,ppid,stat,lstart,cgroup:60,args; loginctl list-sessions',
    );
    throw new Error(left.stdout, { cause: error });
  }
}

test('a first deployment whose operator is killed during the upload leaves nothing half done', lab.only, async () => {
  const cut = onHost('ls /opt/litellm/runtimes/*/bin/node.hxllm-new* >/dev/null 2>&1');
  assert.equal((await operator.cutOff('SIGKILL', cut, 'enforce', '--yes')).exitCode, 137);
  await released();
  assert.deepEqual(runs(), []);
  const ran = await operator.deploy('enforce', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /was cut off and is closed now/);
  const [first, second] = runs();
  assert.deepEqual([first?.ending, second?.ending, second?.closed?.length], ['cut-off', 'passed', 1]);
  assert.match(operator.evidence(), /undone|unknown/);
});

test(
  'the switch of a killed operator is finished by the host, and the next run states each step',
  lab.only,
  async () => {
    operator.edit(MAIN, 'name: "llama3-8b"', 'name: "llama3"');
    const cut = onHost('[ -e /opt/litellm/.previous ]');
    assert.equal((await operator.cutOff('SIGKILL', cut, 'enforce', '--yes')).exitCode, 137);
    await released();
    assert.equal(await alive(), '200');
    const ran = await operator.deploy('enforce', '--yes');
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    assert.match(ran.stdout, /by its own record: (\d+) of \1 steps done/);
    assert.deepEqual(
      runs()
        .slice(-2)
        .map(({ ending, changes }) => [ending, changes > 0]),
      [
        ['cut-off', true],
        ['passed', false],
      ],
    );
  },
);

test('a switch survives the end of its session where logind kills the processes of a session', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must(
    "mkdir -p /etc/systemd/logind.conf.d && printf '[Login]\\nKillUserProcesses=yes\\n' >/etc/systemd/logind.conf.d/kill.conf && systemctl restart systemd-logind && sed -i '$ d' /etc/litellm/litellm.env",
  );
  assert.match(await must(host.sshCommand('cat', '/proc/self/cgroup')), /session-\w+\.scope/);
  const cut = onHost('[ -e /opt/litellm/.previous ]');
  assert.equal((await operator.cutOff('SIGKILL', cut, 'enforce', '--yes')).exitCode, 137);
  await released();
  await host.must('rm -r /etc/systemd/logind.conf.d && systemctl restart systemd-logind');
  const ran = await operator.deploy('enforce', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /by its own record: (\d+) of \1 steps done/);
});

test('two operators at once: one works, the other one is refused at once and sees the first', lab.only, async () => {
  operator.edit(MAIN, 'name: "llama3"', 'name: "llama3-8b"');
  const [one, other] = await Promise.all([operator.deploy('enforce', '--yes'), operator.deploy('enforce', '--yes')]);
  const texts = [one, other].map((ran) => ran.stdout + ran.stderr);
  assert.ok(
    [one, other].some(({ exitCode }) => exitCode === 0),
    texts.join('\n'),
  );
  for (const [index, { exitCode }] of [one, other].entries())
    if (exitCode !== 0) assert.match(texts[index] ?? '', /held since \S+ deploy from 10\.77\.0\.1/);
});

test('no other user on the host can stop a deployment', lab.only, async () => {
  const host = lab.host('hx-api-server');
  // The places of earlier versions and of pipes, held and filled by another user before and during the run.
  await host.must(`
    runuser -u nobody -- bash -c 'for f in /run/hxllm /run/hxllm.lock /run/hxllm.lock.work /run/hxllm/lock; do mkdir "$f" 2>/dev/null && echo made "$f"; touch "$f" 2>/dev/null && echo touched "$f"; done; mkdir -p /dev/shm/hxllm /tmp/hxllm; ln -sf /etc/passwd /dev/shm/hxllm-x; true' >/run/made
    [ ! -s /run/made ]
    install -m 0644 /dev/null /run/hxllm.lock.work
    (runuser -u nobody -- setsid flock /run/hxllm.lock.work sleep 60 >/dev/null 2>&1 &)`);
  operator.edit(MAIN, 'name: "llama3-8b"', 'name: "llama3"');
  const during = onHost('[ -e /run/hxllm/lock ]').then(() =>
    host.sh(
      'runuser -u nobody -- bash -c "cat /run/hxllm/lock; flock -n /run/hxllm true; ls /run/hxllm /dev/shm/hxllm-*/"',
    ),
  );
  const ran = await operator.deploy('enforce', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  const seen = await during;
  assert.equal(seen.stdout.replaceAll(/^\/dev\/shm\/hxllm-\w+\/:$|\n/gm, ''), '');
  await host.must(
    'pkill -u nobody || :; rm -rf /dev/shm/hxllm /tmp/hxllm /dev/shm/hxllm-x /run/made /run/hxllm.lock.work',
  );
});

for (const [place, prepare, restore, code, words] of [
  ['a file', 'echo x >/run/hxllm', 'rm /run/hxllm', 1, /something else is in the place of the lock/],
  ['a link', 'ln -s /tmp /run/hxllm', 'rm /run/hxllm', 1, /something else is in the place of the lock/],
  ['a folder of nobody', 'install -d -o nobody /run/hxllm', 'rmdir /run/hxllm', 1, /something else is in the place/],
  [
    'a full /run',
    'mkdir -m 700 /run/hxllm; mount -t tmpfs -o size=4k none /run/hxllm; head -c 4096 /dev/zero >/run/hxllm/fill',
    'umount /run/hxllm; rmdir /run/hxllm',
    1,
    /\/run is full/,
  ],
  [
    'a read-only /run',
    'mkdir -m 700 /run/hxllm; mount -t tmpfs -o ro,mode=700 none /run/hxllm',
    'umount /run/hxllm; rmdir /run/hxllm',
    1,
    /\/run is read-only/,
  ],
  [
    'sudo with a password',
    "echo 'Defaults:deploy !authenticate' >/dev/null; echo 'deploy ALL=(ALL) PASSWD: ALL' >/etc/sudoers.d/zz; chmod 440 /etc/sudoers.d/zz",
    'rm /etc/sudoers.d/zz',
    77,
    /sudo asks for a password/,
  ],
  [
    'requiretty',
    "echo 'Defaults requiretty' >/etc/sudoers.d/zz; chmod 440 /etc/sudoers.d/zz",
    'rm /etc/sudoers.d/zz',
    77,
    /only in a terminal \(requiretty\)/,
  ],
  ['no sudo', 'mv /usr/bin/sudo /usr/bin/sudo.kept', 'mv /usr/bin/sudo.kept /usr/bin/sudo', 77, /the host has no sudo/],
] as const)
  test(`a lock that cannot be taken has words of its own: ${place}`, lab.only, async () => {
    const host = lab.host('hx-api-server');
    await host.must(prepare);
    const ran = await operator.deploy('enforce', '--yes');
    await host.must(restore);
    assert.match(`${ran.stdout}${ran.stderr}`.replaceAll(/\s+/g, ' '), words);
    assert.equal(ran.exitCode, code, ran.stderr);
    assert.doesNotMatch(ran.stderr, /another hxllm/);
  });

for (const [place, prepare, restore] of [
  [
    'no /dev/shm',
    'umount /dev/shm || mount -t tmpfs -o ro none /dev/shm',
    'umount /dev/shm 2>/dev/null; mountpoint -q /dev/shm || mount -t tmpfs -o mode=1777 none /dev/shm',
  ],
  [
    'noexec /run and /dev/shm',
    'mount -t tmpfs -o noexec,mode=1777 none /dev/shm; mkdir /run/hxllm; mount -t tmpfs -o noexec,mode=755 none /run/hxllm',
    'umount /run/hxllm; rmdir /run/hxllm; umount /dev/shm',
  ],
  [
    'umask 077',
    'echo "umask 077" >>/home/deploy/.bashrc; echo "session optional pam_umask.so umask=077" >>/etc/pam.d/common-session',
    'sed -i "/umask/d" /home/deploy/.bashrc; sed -i "/pam_umask/d" /etc/pam.d/common-session',
  ],
  [
    'umask 000',
    'echo "session optional pam_umask.so umask=000" >>/etc/pam.d/common-session',
    'sed -i "/pam_umask/d" /etc/pam.d/common-session',
  ],
] as const)
  test(`a deployment passes with ${place}`, lab.only, async () => {
    const host = lab.host('hx-api-server');
    await host.must(prepare);
    const text = readFileSync(join(operator.folder, MAIN), 'utf8').includes('"llama3"');
    operator.edit(MAIN, text ? 'name: "llama3"' : 'name: "llama3-8b"', text ? 'name: "llama3-8b"' : 'name: "llama3"');
    const ran = await operator.deploy('enforce', '--yes');
    await host.must(`${restore}; :`);
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    assert.equal(
      await host.must('stat -c %a /etc/litellm/litellm.env /opt/litellm/.hxllm-record /opt/litellm'),
      '600\n600\n755',
    );
  });
