import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { alive, chat, readMasterKey } from './client.ts';
import { until } from './command.ts';
import { createOperator } from './operator.ts';
import { anotherRelease, copyProgram, copyWithLine } from './program-copy.ts';

const lab = borrowLab();
const operator = createOperator();
const key = await readMasterKey();
const INVENTORY = 'inventories/dev.ini';
const VARIABLES = 'inventories/group_vars/all/main.yml';
/** The line of the last deployment. */
const LAST = 'Object.assign(globalThis, { release: 3 });';
const SERVERS = ['10.77.0.12', '10.77.0.13'];

/** Plain requests and streams from several clients until `ended`; the failures, and the longest time of a plain answer. */
function load(): {
  end(): Promise<{ readonly failed: readonly string[]; readonly count: number; readonly longestMs: number }>;
} {
  const state = { ended: false, count: 0, longestMs: 0 };
  const failed: string[] = [];
  const client = async (stream: boolean): Promise<void> => {
    while (!state.ended) {
      const { fate, why } = await chat(key, stream);
      if (fate !== 'whole') failed.push(`${fate}: ${why}`);
      state.count += 1;
    }
  };
  const asks = async (): Promise<void> => {
    while (!state.ended) {
      const begunMs = performance.now();
      const answer = await alive();
      if (answer !== '200') failed.push(answer);
      state.longestMs = Math.max(state.longestMs, performance.now() - begunMs);
      state.count += 1;
    }
  };
  const clients = [client(true), client(true), client(true), client(true), client(false), asks(), asks()];
  return {
    end: async () => {
      state.ended = true;
      await Promise.all(clients);
      return { failed, count: state.count, longestMs: state.longestMs };
    },
  };
}

const running = (): Promise<string> =>
  lab
    .host('hx-api-server')
    .must(
      `systemctl list-units --all --plain --no-legend 'litellm@*' | grep -v ' inactive ' | grep -o 'litellm@[0-9]*' | tr '\\n' ' '`,
    );

test(
  'deployments of code and configuration under load fail no request and cut no stream',
  lab.only,
  async (context) => {
    const installed = await operator.deploy('up', '--yes');
    assert.equal(installed.exitCode, 0, installed.stdout + installed.stderr);
    assert.equal(await running(), 'litellm@1');
    // Streams of several seconds, longer than a take-over.
    for (const server of SERVERS)
      await fetch(`http://${server}:11434/sim/speed`, { method: 'POST', body: JSON.stringify({ speed: 0.02 }) });
    const clients = load();
    for (const [index, change] of [
      () => operator.deployWith(anotherRelease(2), 'enforce', '--yes'),
      () => {
        operator.edit(VARIABLES, 'name: "llama3-8b"', 'name: "llama3"');
        return operator.deploy('enforce', '--yes');
      },
      () => operator.deployWith(copyWithLine(LAST), 'enforce', '--yes'),
    ].entries()) {
      const ran = await change();
      assert.equal(ran.exitCode, 0, `${String(index)}\n${ran.stdout}${ran.stderr}`);
    }
    const { failed, count, longestMs } = await clients.end();
    context.diagnostic(`${String(count)} requests, the longest plain one ${longestMs.toFixed(0)} ms`);
    assert.deepEqual(failed, []);
    assert.ok(count > 20, String(count));
  },
);

test('releases that are broken never take a request, and the one that serves goes on', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await until('the replaced instances to end', 60_000, async () => (await running()).trim().split(' ').length === 1);
  const before = await host.must(
    'systemctl show -P MainPID litellm "litellm@*" | grep -v "^0*$"; readlink /opt/litellm/current',
  );
  const clients = load();
  for (const [why, program] of [
    ['crash at start', copyWithLine(`throw new Error('broken on purpose');`)],
    ['crash after 5 s', copyWithLine('setTimeout(() => process.exit(1), 5000);')],
    ['gate', copyProgram('src/gateway/control/gate.ts', 'ready: checks.every(({ ok }) => ok)', 'ready: false')],
    ['refuses the configuration', copyWithLine('return 78;')],
    ['runtime', copyProgram('templates/gateway', `'{{runtime}}'`, `'{{runtime}}-not-there'`)],
  ] as const) {
    // The lab's own gate is shorter.
    const isLate = why === 'crash after 5 s';
    if (isLate) operator.edit(INVENTORY, 'litellm_gate_seconds=0', 'litellm_gate_seconds=8');
    const ran = await operator.deployWith(program, 'enforce', '--yes');
    if (isLate) operator.edit(INVENTORY, 'litellm_gate_seconds=8', 'litellm_gate_seconds=0');
    assert.equal(ran.exitCode, 1, `${why}\n${ran.stdout}${ran.stderr}`);
    assert.match(ran.stdout + ran.stderr, /The previous state is restored and running|changed nothing/, why);
  }
  assert.deepEqual((await clients.end()).failed, []);
  assert.match(operator.evidence(), /broken on purpose/, 'the last lines of the journal');
  assert.equal(
    await host.must('systemctl show -P MainPID litellm "litellm@*" | grep -v "^0*$"; readlink /opt/litellm/current'),
    before,
  );
  assert.equal(
    (await operator.deployWith(copyWithLine(LAST), 'enforce', '--dry-run', '--detailed-exitcode')).exitCode,
    0,
  );
});

// As hxllm deployed it before there were instances: litellm.service is the gateway.
test(
  'the upgrade of a gateway in litellm.service itself fails no request and cuts no stream',
  lab.only,
  async (context) => {
    const host = lab.host('hx-api-server');
    const unit = readFileSync(join(import.meta.dirname, 'former-litellm.service')).toString('base64');
    await host.must(`set -e
systemctl stop litellm
cd /etc/systemd; rm -r system/litellm.service.wants system/litellm@.service system/litellm-failed@.service system-generators/litellm-drop-ins
rm -rf /run/litellm /run/litellm-log
echo ${unit} | base64 -d > system/litellm.service
systemctl daemon-reload; systemctl start litellm`);
    assert.equal(await alive(), '200');
    const clients = load();
    const ran = await operator.deploy('enforce', '--yes');
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    await until('the former gateway to end', 90_000, async () =>
      (await host.sh('readlink /proc/$(systemctl show -P MainPID litellm)/exe')).stdout.endsWith('/cat\n'),
    );
    const { failed, count, longestMs } = await clients.end();
    context.diagnostic(`${String(count)} requests, the longest plain one ${longestMs.toFixed(0)} ms`);
    assert.deepEqual(failed, []);
    const number = (await running()).trim().replace('litellm@', '');
    assert.match(
      await host.must(`journalctl -u litellm --no-pager -o cat | grep '"instance":"${number}"' | head -n 20`),
      /"event":"listening"/,
    );
    assert.equal((await operator.hxllm('drift')).exitCode, 0);
    await host.must('systemctl restart litellm');
    assert.equal(await alive(), '200');
    assert.equal(await running(), `litellm@${number}`);
    assert.match((await operator.deploy('enforce', '--yes')).stdout, /no changes needed/);
  },
);
