import assert from 'node:assert/strict';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { alive, chat, readMasterKey } from './client.ts';
import { until } from './command.ts';
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

test('hxllm service shows, reloads, stops and starts the gateway, and finds its log', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const service = async (exitCode: number, ...words: readonly string[]): Promise<string> => {
    const ran = await operator.hxllm('service', ...words);
    assert.equal(ran.exitCode, exitCode, `service ${words.join(' ')}\n${ran.stdout}${ran.stderr}`);
    return ran.stdout;
  };
  assert.match(await service(0, 'status'), /hx-api-server.*active/);
  await service(0, 'reload');
  const pid = await host.must('systemctl show -P MainPID litellm');
  await service(0, 'restart', '--yes');
  assert.notEqual(await host.must('systemctl show -P MainPID litellm'), pid);
  assert.equal(await alive(), '200');
  await service(0, 'stop', '--yes');
  assert.match(await alive(), /ECONNREFUSED/);
  await service(1, 'status');
  await service(0, 'start');
  assert.equal(await alive(), '200');
  const log = await service(0, 'logs', '--since', '1 hour ago', '--grep', 'listening');
  assert.match(log, /^hx-api-server.*listening/m);
});

test(
  'a drained backend gets nothing, also after a restart and a deployment, until it is taken back',
  lab.only,
  async () => {
    const host = lab.host('hx-api-server');
    const key = await readMasterKey();
    const url = 'http://hx-llm01-server.dev-test.hana-x.ai:11434';
    const backend = async (...words: readonly string[]): Promise<string> => {
      const ran = await operator.hxllm('backend', ...words);
      assert.equal(ran.exitCode, 0, `backend ${words.join(' ')}\n${ran.stdout}${ran.stderr}`);
      return ran.stdout;
    };
    const used = async (): Promise<readonly string[]> => {
      const answers = await Promise.all(Array.from({ length: 6 }, () => chat(key, true)));
      assert.deepEqual([...new Set(answers.map(({ fate, why }) => (fate === 'whole' ? fate : why)))], ['whole']);
      return [...new Set(answers.map((answer) => answer.backend))].toSorted();
    };
    const running = used();
    assert.match(await backend('drain', url, '--wait'), /drained.*idle/);
    await running;
    const [other] = await used();
    assert.match(other ?? '', /hx-llm02/);
    await host.must('systemctl restart litellm');
    assert.deepEqual(await used(), [other]);
    await host.must('rm /etc/litellm/config.yaml');
    const ran = await operator.deploy('enforce', '--yes');
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    assert.deepEqual(await used(), [other]);
    assert.match(await backend('list'), /hx-llm01\S* {2}drained/);
    assert.match(await backend('undrain', url), /in use/);
    await until('the backend to be used again', 60_000, async () => (await used()).length === 2);
  },
);

/** Tries to send from the cgroup of the serving instance: TCP to a backend, to another port of this machine, and to the host itself. */
const REACHED = `
unit=$(systemctl list-units --plain --no-legend --state=active 'litellm@*.service' | tail -n 1 | cut -d ' ' -f 1)
echo $BASHPID > /sys/fs/cgroup/unified$(systemctl show -P ControlGroup "$unit")/cgroup.procs
for way in tcp/10.77.0.12/11434 tcp/10.77.0.13/11434 udp/10.77.0.53/53 udp/10.77.0.1/9 udp/127.0.0.1/9 udp/203.0.113.1/9; do
  (timeout 3 bash -c "echo > /dev/$way") 2>/dev/null && echo "$way" || :
done`;

test(
  'with litellm_restrict_egress the gateway reaches its backends and resolvers, and nothing else',
  lab.only,
  async () => {
    const host = lab.host('hx-api-server');
    const variables = 'inventories/group_vars/all/main.yml';
    operator.edit(variables, 'litellm_backends:', 'litellm_restrict_egress: true\nlitellm_backends:');
    for (const words of [
      ['preflight', '--only', 'runtime.egress'],
      ['enforce', '--yes'],
    ]) {
      const ran = await operator.deploy(...words);
      assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    }
    assert.ok(operator.evidence().includes('a unit with IPAddressDeny=any reaches nothing'));
    assert.equal(await host.must(REACHED), 'tcp/10.77.0.12/11434\ntcp/10.77.0.13/11434\nudp/10.77.0.53/53');
    // Connections of clients belong to the socket: a chat comes in from an address that the gateway cannot reach itself.
    assert.equal((await chat(await readMasterKey(), true)).fate, 'whole');
    assert.equal((await operator.hxllm('drift')).exitCode, 0);
    // A backend gets another address, which a reload looks up.
    await host.must('echo "10.77.0.1 hx-llm02-server.dev-test.hana-x.ai" >> /etc/hosts; systemctl reload litellm');
    assert.equal(await host.must(REACHED), 'tcp/10.77.0.12/11434\nudp/10.77.0.53/53\nudp/10.77.0.1/9');
    await host.must("sed -i '$d' /etc/hosts; systemctl reload litellm");
    const again = await operator.deploy('enforce', '--yes');
    assert.equal(operator.lastRun().changes, 0, again.stdout);
    operator.edit(variables, 'litellm_restrict_egress: true', 'litellm_restrict_egress: false');
    const open = await operator.deploy('enforce', '--yes');
    assert.equal(open.exitCode, 0, open.stdout + open.stderr);
    assert.match(await host.must(REACHED), /udp\/127\.0\.0\.1\/9/);
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
