import assert from 'node:assert/strict';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { alive, GATEWAY, readMasterKey } from './client.ts';
import { until } from './command.ts';
import { createOperator } from './operator.ts';
import { copyProgram } from './program-copy.ts';

const lab = borrowLab();
const operator = createOperator();
const key = await readMasterKey();
const IN_USE = 'basename /etc/systemd/system/litellm.service.wants/litellm@*.service';

const must = (script: string): Promise<string> => lab.host('hx-api-server').must(script);

/** The instances with a process. */
async function instances(): Promise<readonly string[]> {
  const units = await must(
    `systemctl list-units --all --plain --no-legend 'litellm@*' | awk '$3 != "inactive" && $3 != "failed" { print $1 }' | sort -V`,
  );
  return units.split('\n');
}

async function speed(factor: number): Promise<void> {
  for (const server of ['10.77.0.12', '10.77.0.13'])
    await fetch(`http://${server}:11434/sim/speed`, { method: 'POST', body: JSON.stringify({ speed: factor }) });
}

/** The program with the same gateway as another release. */
function programOf(number: number): string {
  const serves = '  const problems = await runGateway(';
  const line = `  Object.assign(globalThis, { release: ${String(number)} });`;
  return copyProgram('src/gateway/main.ts', serves, `${line}\n${serves}`);
}

/** Deploys it; returns the output. */
async function release(number: number, program = programOf(number)): Promise<string> {
  const ran = await operator.deployWith(program, 'enforce', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  return `${ran.stdout}${ran.stderr}`.replaceAll(/\s+/g, ' ');
}

/** Opens a stream that lasts until `leave` aborts. */
async function openStream(leave: AbortSignal): Promise<void> {
  const messages = [{ role: 'user', content: 'Say something. Answer in 2000 tokens.' }];
  void fetch(`${GATEWAY}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'phi3-3.8b', stream: true, messages }),
    signal: leave,
  })
    .then((answer) => answer.text())
    .catch(() => undefined);
  await until('the stream to be open', 20_000, async () => {
    const { instances: all } = JSON.parse(await must('/opt/litellm/current/gateway --control status')) as {
      readonly instances: readonly { readonly state: string; readonly open_requests: number }[];
    };
    return all.some(({ state, open_requests: open }) => state === 'serving' && open > 0);
  });
}

test(
  'deployments go ahead while others drain; of more than three instances the eldest is cut, and that is said before',
  lab.only,
  async () => {
    const up = await operator.deploy('up', '--yes');
    assert.equal(up.exitCode, 0, up.stdout + up.stderr);
    await speed(0.005);
    const leave = new AbortController();
    for (const number of [2, 3, 4]) {
      await openStream(leave.signal);
      const said = await release(number);
      assert.match(said, new RegExp(`litellm@${String(number - 1)}\\.service ends its streams within 10 min`));
      assert.match(said, /to watch it: systemctl list-units 'litellm@\*'/);
      if (number < 4) assert.doesNotMatch(said, /is cut: at most/);
      else assert.match(said, /litellm@1\.service is cut: at most 3 instances run at a time/);
    }
    assert.deepEqual(await instances(), ['litellm@2.service', 'litellm@3.service', 'litellm@4.service']);
    // All of them write to one journal, and a reload is for the one that serves.
    await must('systemctl reload litellm');
    const log = await must('journalctl -u litellm --no-pager -o cat');
    for (const number of [1, 2, 3, 4]) assert.ok(log.includes(`"instance":"${String(number)}"`), String(number));
    assert.match(await must('systemctl status litellm | cat'), /active \(running\)/);
    // A stop is for all, also for those that drain.
    await speed(1);
    await must('systemctl stop litellm');
    leave.abort();
    assert.match(await alive(), /ECONNREFUSED/);
    assert.deepEqual(await instances(), ['']);
    await must('systemctl start litellm');
    assert.equal(await alive(), '200');
    assert.deepEqual(await instances(), ['litellm@4.service']);
  },
);

test('a restart while another instance drains starts the one in use alone', lab.only, async () => {
  await speed(0.005);
  const leave = new AbortController();
  await openStream(leave.signal);
  await release(5);
  assert.deepEqual(await instances(), ['litellm@4.service', 'litellm@5.service']);
  await speed(1);
  await must('systemctl restart litellm');
  leave.abort();
  assert.equal(await alive(), '200');
  assert.deepEqual(await instances(), ['litellm@5.service']);
});

test(
  'enforce starts the instance in use again that somebody stopped, also while an elder one drains',
  lab.only,
  async () => {
    await speed(0.005);
    const leave = new AbortController();
    await openStream(leave.signal);
    const program = programOf(6);
    await release(6, program);
    await must('systemctl stop litellm@6');
    assert.deepEqual(await instances(), ['litellm@5.service']);
    await speed(1);
    await release(6, program);
    leave.abort();
    assert.equal(await alive(), '200');
    assert.deepEqual(await instances(), ['litellm@6.service']);
  },
);

for (const [title, break_] of [
  ['an invalid configuration', 'sed -i "s/^model_list:.*/model_list: 5/" /etc/litellm/config.yaml'],
  ['a program that ends at once', `printf '#!/bin/sh\\nexit 1\\n' > /opt/litellm/current/gateway`],
] as const)
  test(
    `after a crash with ${title} the service fails, closes the port, and the next enforce mends it`,
    lab.only,
    async () => {
      await must(`${break_}; systemctl kill -s KILL "$(${IN_USE})"`);
      await until('the service to fail', 120_000, async () =>
        (await lab.host('hx-api-server').sh('systemctl is-failed litellm')).stdout.startsWith('failed'),
      );
      await until('the port to be closed', 30_000, async () => /ECONNREFUSED/.test(await alive()));
      const status = await operator.hxllm('service', 'status');
      assert.equal(status.exitCode, 1, status.stdout);
      assert.match(status.stdout, /failed/);
      assert.equal((await operator.hxllm('drift')).exitCode, 2);
      const ran = await operator.deploy('enforce', '--yes');
      assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
      assert.equal(await alive(), '200');
      assert.equal((await instances()).length, 1);
      const next = await operator.deploy('enforce', '--dry-run', '--detailed-exitcode');
      assert.equal(next.exitCode, 0, next.stdout);
      assert.equal(await must('systemctl --failed --no-legend'), '');
    },
  );
