import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { CHECK_COMMAND, alive, chat, GATEWAY, readMasterKey } from './client.ts';
import { until } from './command.ts';
import { waitForHost } from './host/host.ts';
import { changedFiles, type Files } from './host/overlay.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab();
const operator = createOperator();
const key = await readMasterKey();
const BACKENDS = ['http://hx-llm01-server.dev-test.hana-x.ai:11434', 'http://hx-llm02-server.dev-test.hana-x.ai:11434'];
let bare: Files = new Map();

test('a dry run shows its steps and carries out none', lab.only, async () => {
  bare = lab.host('hx-api-server').files();
  const ran = await operator.deploy('enforce', '--dry-run');
  assert.match(ran.stdout, /litellm\.service/);
  assert.deepEqual(changedFiles(bare, lab.host('hx-api-server').files()), []);
  assert.equal(await alive(), 'connect ECONNREFUSED 10.77.0.11:4000');
});

test('one command takes a bare host to a passed smoke', lab.only, async () => {
  const ran = await operator.deploy('up', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  assert.equal(operator.lastRun().phase, 'smoke');
  assert.equal(operator.lastRun().ending, 'passed');
  assert.equal(await alive(), '200');
});

test('no secret is in the evidence, or readable for other users on the host', lab.only, async () => {
  assert.ok(operator.evidence().length > 1000);
  assert.ok(!operator.evidence().includes(key));
  const host = lab.host('hx-api-server');
  assert.equal(
    await host.must('stat -c "%a %U:%G" /etc/litellm/litellm.env /etc/litellm/config.yaml'),
    '600 root:root\n640 root:litellm',
  );
  assert.equal(
    await host.must(`grep -rl ${key} /etc /opt /home /var /tmp 2>/dev/null || true`),
    '/etc/litellm/litellm.env',
  );
  // In bash alone: a grep would find itself.
  assert.equal(
    await host.must(
      `for file in /proc/[0-9]*/{cmdline,environ}; do [[ $(tr '\\0' ' ' <$file 2>/dev/null) != *${key}* ]] || echo $file; done`,
    ),
    '',
  );
  const root = "/proc/$(systemctl show -P MainPID 'litellm@*')/root";
  assert.match(await host.must(`cat ${root}/run/credentials/*/litellm.env`), new RegExp(key));
});

test('a second enforce changes nothing, and its output says so', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const [before, pid] = [host.files(), await host.must('systemctl show -P MainPID litellm')];
  const ran = await operator.deploy('enforce', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /nothing (?:to change|differs)|no change|already/i);
  assert.equal(operator.lastRun().changes, 0);
  assert.deepEqual(changedFiles(before, host.files()), []);
  assert.equal(await host.must('systemctl show -P MainPID litellm'), pid);
});

test('the service is managed as the guide says', lab.only, async () => {
  const host = lab.host('hx-api-server');
  assert.match(
    await host.must('systemctl status --no-pager litellm'),
    /Loaded: loaded \(\/etc\/systemd\/system\/litellm\.service; enabled[\s\S]*Active: active \(running\)/,
  );
  assert.equal(await host.must('systemctl show -P User litellm'), 'litellm');
  assert.match(await host.must('journalctl -u litellm --no-pager -o cat'), /listening|listens/i);
  assert.match(
    await host.must('getent passwd litellm'),
    /^litellm:x:\d+:\d+:hxllm gateway:[^:]*:\/usr\/sbin\/nologin$/,
  );
  await host.must(CHECK_COMMAND);
});

test('a stopped litellm stays stopped under requests, and start brings service and socket back', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must('systemctl stop litellm');
  // The first request may use a kept connection, and find it closed.
  assert.notEqual(await alive(), '200');
  for (let request = 0; request < 5; request += 1) assert.match(await alive(), /ECONNREFUSED/);
  assert.equal((await host.sh('systemctl is-active litellm.service litellm.socket')).stdout, 'inactive\ninactive\n');
  await host.must('systemctl start litellm');
  assert.equal(await alive(), '200');
  assert.equal(await host.must('systemctl is-active litellm.service litellm.socket'), 'active\nactive');
});

test('a restart refuses no request', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const pid = await host.must('systemctl show -P MainPID litellm');
  const state = { restarting: true };
  const restart = host.must('systemctl restart litellm').finally(() => {
    state.restarting = false;
  });
  const answers: string[] = [];
  while (state.restarting) answers.push(await alive());
  await restart;
  answers.push(await alive());
  assert.deepEqual([...new Set(answers)], ['200']);
  assert.notEqual(await host.must('systemctl show -P MainPID litellm'), pid);
});

test('the OpenAI SDK lists, chats and streams through it, on both backends', lab.only, async () => {
  const openai = new OpenAI({ apiKey: key, baseURL: `${GATEWAY}/v1`, maxRetries: 0 });
  const models = await openai.models.list();
  assert.deepEqual(models.data.map(({ id }) => id).toSorted(), ['llama3-8b', 'phi3-3.8b']);
  const used = new Set<string>();
  for (const backend of [...BACKENDS, ...BACKENDS]) {
    const { data, response } = await openai.chat.completions
      .create(
        { model: 'phi3-3.8b', messages: [{ role: 'user', content: 'Hello, world!' }] },
        { headers: { 'x-hxllm-backend': backend } },
      )
      .withResponse();
    assert.ok((data.choices[0]?.message.content ?? '').length > 0);
    assert.ok((data.usage?.completion_tokens ?? 0) > 0);
    used.add(response.headers.get('x-hxllm-backend') ?? 'none');
  }
  assert.deepEqual(used, new Set(BACKENDS));
  const stream = await openai.chat.completions.create({
    model: 'llama3-8b',
    messages: [{ role: 'user', content: 'Count.' }],
    stream: true,
  });
  let [pieces, finished] = [0, ''];
  for await (const chunk of stream) {
    if ((chunk.choices[0]?.delta.content ?? '') !== '') pieces += 1;
    finished = chunk.choices[0]?.finish_reason ?? finished;
  }
  assert.ok(pieces > 1, `${String(pieces)} pieces`);
  assert.equal(finished, 'stop');
  await assert.rejects(
    new OpenAI({ apiKey: 'sk-wrong', baseURL: `${GATEWAY}/v1`, maxRetries: 0 }).models.list(),
    OpenAI.AuthenticationError,
  );
});

test('killing a backend under load loses no request whose response had not begun', lab.only, async () => {
  const llm = lab.host('hx-llm02-server');
  const fates: Awaited<ReturnType<typeof chat>>[] = [];
  const state = { killed: false };
  const load = Array.from({ length: 8 }, async (_, client) => {
    // Until it is killed, however long that takes, and a while longer.
    for (let later = 0; later < 4; later += state.killed ? 1 : 0) fates.push(await chat(key, client % 2 === 0));
  });
  try {
    // On a busy machine the other backend may answer the first requests alone.
    await until('the load to be under way on both backends', 60_000, () =>
      Promise.resolve(fates.length >= 24 && fates.some(({ backend }) => backend === BACKENDS[1])),
    );
    await llm.must('systemctl kill -s KILL ollama; systemctl stop ollama');
  } finally {
    state.killed = true;
  }
  await Promise.all(load);
  assert.deepEqual(
    fates.filter(({ fate }) => fate === 'refused'),
    [],
  );
  assert.ok(
    fates.filter(({ fate }) => fate === 'broke off').length <= 8,
    JSON.stringify(fates.map(({ fate }) => fate)),
  );
  await llm.must('systemctl start ollama');
  // Its memory is empty, and the other backend takes every request: it runs four at once.
  await until('the backend to be used again', 60_000, async () =>
    (await Promise.all(Array.from({ length: 8 }, () => chat(key, false)))).some(
      ({ backend }) => backend === BACKENDS[1],
    ),
  );
});

test('a change of the variables is pending in a dry run, and then applied by a reload', lab.only, async () => {
  const pid = await lab.host('hx-api-server').must('systemctl show -P MainPID litellm');
  operator.edit('inventories/group_vars/all/main.yml', 'name: "llama3-8b"', 'name: "llama3"');
  const dry = await operator.deploy('enforce', '--check', '--diff', '--detailed-exitcode');
  assert.equal(dry.exitCode, 2, dry.stdout + dry.stderr);
  assert.match(dry.stdout, /^\s*-.*llama3-8b/m);
  assert.match(dry.stdout, /^\s*\+.*llama3$/m);
  const ran = await operator.deploy('enforce', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  const listed = await fetch(`${GATEWAY}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
  assert.match(await listed.text(), /"llama3"/);
  assert.equal(await lab.host('hx-api-server').must('systemctl show -P MainPID litellm'), pid);
  assert.match((await operator.deploy('smoke', '--from-host', '-v')).stdout, /from itself[^]*✓ smoke passed/);
});

test('a full disk is named as the reason, and nothing is half done', lab.only, async () => {
  const host = lab.host('hx-api-server');
  operator.edit('inventories/group_vars/all/main.yml', 'name: "llama3"', 'name: "llama"');
  await host.must(
    'cp -a /etc/litellm /run/kept && mount -t tmpfs -o size=64k,mode=750,gid=$(id -g litellm) none /etc/litellm && cp -a /run/kept/. /etc/litellm && { cat /dev/zero > /etc/litellm/fill || :; }',
  );
  const before = await host.must(
    'sha256sum /etc/litellm/*; readlink /opt/litellm/current; systemctl show -P MainPID litellm',
  );
  const ran = await operator.deploy('enforce', '--yes');
  assert.equal(ran.exitCode, 1, ran.stdout + ran.stderr);
  assert.match(
    `${ran.stdout}${ran.stderr}`,
    /No space left on device[\s\S]*\/etc\/litellm\/config\.yaml could not be written[\s\S]*changed nothing/,
  );
  assert.equal(
    await host.must('sha256sum /etc/litellm/*; readlink /opt/litellm/current; systemctl show -P MainPID litellm'),
    before,
  );
  await host.must('umount /etc/litellm && rm -r /run/kept');
});

test('after a power cut during the switch the gateway answers, and the next enforce continues', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const cut = host.sh(
    'timeout 120 bash -c "until [ -e /opt/litellm/.previous ]; do sleep 0.02; done" && sync && systemctl reboot -ff',
  );
  const ran = await operator.deploy('enforce', '--yes');
  await cut;
  assert.equal(ran.exitCode, 69, ran.stdout + ran.stderr);
  assert.match(`${ran.stdout}${ran.stderr}`, /The host finishes what it has begun/);
  await waitForHost(host);
  assert.equal(await alive(), '200');
  assert.equal((await operator.deploy('enforce', '--yes')).exitCode, 0);
  assert.equal((await operator.deploy('enforce', '--dry-run', '--detailed-exitcode')).exitCode, 0);
  assert.equal((await operator.deploy('smoke')).exitCode, 0);
});

test('the gateway runs again after a reboot', lab.only, async () => {
  await lab.host('hx-api-server').reboot();
  await until('the gateway after the reboot', 90_000, async () => (await alive()) === '200');
  assert.equal((await operator.deploy('smoke')).exitCode, 0);
});

test('uninstall restores the host', lab.only, async () => {
  const ran = await operator.deploy('uninstall', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  assert.match(`${ran.stdout}${ran.stderr}`, /Open WebUI/);
  assert.deepEqual(changedFiles(bare, lab.host('hx-api-server').files()), []);
  assert.match(await alive(), /ECONNREFUSED/);
  assert.equal(
    await lab
      .host('hx-api-server')
      .must('systemctl --failed --no-legend; systemctl list-units --all --no-legend "litellm*"'),
    '',
  );
});
