import assert from 'node:assert/strict';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab();
const operator = createOperator();

interface Result {
  readonly id: string;
  readonly outcome: string;
  readonly severity: string;
  readonly seen: string;
}

/** The checks that fail or are unknown on the host, whatever their severity, and the exit code. */
async function failing(): Promise<{ readonly exitCode: number; readonly results: readonly Result[] }> {
  const ran = await operator.deploy('preflight', '--json');
  // Its shape is what hxllm documents.
  const { results } = JSON.parse(ran.stdout) as { readonly results: readonly Result[] };
  return {
    exitCode: ran.exitCode,
    results: results.filter(({ outcome }) => outcome === 'fail' || outcome === 'unknown'),
  };
}

interface Plant {
  readonly name: string;
  readonly prepare: string;
  readonly undo: string;
  readonly id: string;
  readonly seen: RegExp;
}

const PLANTS: readonly Plant[] = [
  {
    name: 'a disk with too little room for the runtime',
    prepare: 'mkdir /opt/litellm; mount -t tmpfs -o size=100m none /opt/litellm',
    undo: 'umount /opt/litellm; rmdir /opt/litellm',
    id: 'disk.space',
    seen: /^100 MiB free on \/opt\/litellm/,
  },
  {
    name: 'a full disk where the configuration belongs',
    prepare: 'mkdir /etc/litellm; mount -t tmpfs -o size=4k none /etc/litellm',
    undo: 'umount /etc/litellm; rmdir /etc/litellm',
    id: 'disk.writable',
    seen: /^4 KiB free on \/etc\/litellm/,
  },
  {
    name: 'a mount without the right to run programs',
    prepare: 'mkdir /opt/litellm; mount -t tmpfs -o noexec none /opt/litellm',
    undo: 'umount /opt/litellm; rmdir /opt/litellm',
    id: 'disk.executable',
    seen: /^\/opt\/litellm is mounted with noexec/,
  },
];

test('each plant on a disk fails exactly its check', lab.only, async () => {
  const before = await failing();
  assert.equal(before.exitCode, 0, JSON.stringify(before.results));
  const usual = new Set(before.results.map(({ id }) => id));
  for (const { name, prepare, undo, id, seen } of PLANTS) {
    await lab.host('hx-api-server').must(prepare);
    const { exitCode, results } = await failing();
    await lab.host('hx-api-server').must(undo);
    const planted = results.filter((result) => !usual.has(result.id));
    assert.deepEqual([name, exitCode, ...planted.map((result) => result.id)], [name, 1, id]);
    assert.match(planted[0]?.seen ?? '', seen);
  }
});

test(
  'after a deployment the runtime is started, and a mount that stops it fails exactly one check',
  lab.only,
  async () => {
    const host = lab.host('hx-api-server');
    assert.equal((await operator.deploy('enforce', '--yes')).exitCode, 0);
    const started = await operator.deploy('preflight', '--only', 'runtime.starts', '-v');
    assert.match(started.stdout, /✓ the runtime on the host starts: Node\.js 24\.\d+\.\d+ starts as litellm/);
    const usual = new Set((await failing()).results.map(({ id }) => id));
    // Lost after its installation: the loader says so when the program starts, and nothing else has changed.
    await host.must('chmod a-x /opt/litellm/runtimes/node-*/bin/node');
    const { exitCode, results } = await failing();
    await host.must('chmod a+x /opt/litellm/runtimes/node-*/bin/node');
    assert.equal(exitCode, 1);
    assert.deepEqual(
      results.filter(({ id }) => !usual.has(id)).map(({ id }) => id),
      ['runtime.starts'],
    );
    assert.match(results.find(({ id }) => id === 'runtime.starts')?.seen ?? '', /as litellm: .*Permission denied/);
  },
);

/** The LiteLLM of the guide, with a database, beside a unit of a user and a stand-in for Docker. */
const LITELLM = `
set -e
useradd --create-home --shell /bin/bash llm
mkdir -p /home/llm/litellm-venv/bin /home/llm/litellm-venv/lib/python3.11/site-packages/litellm-1.44.7.dist-info /home/llm/.config/systemd/user
printf '#!/bin/bash\\nsleep 600\\n' > /home/llm/litellm-venv/bin/litellm
chmod 755 /home/llm/litellm-venv/bin/litellm
echo 'version = 3.11.2' > /home/llm/litellm-venv/pyvenv.cfg
printf '[Service]\\nExecStart=/home/llm/litellm-venv/bin/litellm --config /home/llm/proxy.yaml --port 4001\\nEnvironmentFile=/home/llm/proxy.env\\n' > /etc/systemd/system/llm-proxy.service
cp /etc/systemd/system/llm-proxy.service /home/llm/.config/systemd/user/
printf 'model_list:\\n  - model_name: a\\n' > /home/llm/proxy.yaml
echo 'DATABASE_URL=postgresql://llm:the-canary-password@db.example:5432/litellm' > /home/llm/proxy.env
printf '#!/bin/bash\\nprintf "proxy\\\\tghcr.io/berriai/litellm:main\\\\tUp 3 days\\\\t\\\\n"\\n' > /usr/local/bin/docker
chmod 755 /usr/local/bin/docker
systemctl daemon-reload
systemctl start llm-proxy
`;

test('a LiteLLM in other places is found with its database, whose password stays on the host', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must(LITELLM);
  const ran = await operator.deploy('preflight', '--only', 'existing', '--json');
  const { results } = JSON.parse(ran.stdout) as { readonly results: readonly Result[] };
  const seen = (id: string): string => results.find((result) => result.id === `existing.${id}`)?.seen ?? '';
  assert.match(seen('programs'), /litellm-venv\/bin\/litellm \(LiteLLM 1\.44\.7, Python 3\.11\.2, of root\)/);
  assert.match(seen('services'), /\/etc\/systemd\/system\/llm-proxy\.service \(active\)/);
  assert.match(seen('containers'), /docker: proxy of ghcr\.io\/berriai\/litellm:main \(Up 3 days\)/);
  assert.match(seen('configuration'), /\/home\/llm\/proxy\.yaml with 1 entry in model_list/);
  assert.equal(seen('database'), 'postgresql://db.example:5432/litellm, named by /home/llm/proxy.env');
  assert.match(seen('take-over'), /it would not touch \/home\/llm\/litellm-venv, .*llm-proxy\.service/);
  assert.doesNotMatch(ran.stdout + ran.stderr + operator.evidence(), /canary-password/);
  assert.equal(ran.exitCode, 0, 'warnings and notes fail nothing');
});
