import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { quote } from '../../src/core/shell.ts';
import { borrowLab } from './borrowed.ts';
import { readMasterKey } from './client.ts';
import { until } from './command.ts';
import { createOperator } from './operator.ts';
import { usesBoth } from './planting.ts';

const lab = borrowLab();
const operator = createOperator();
const key = await readMasterKey();
const PASSWORD = "canary $HOME it's";
const TRANSPORTS = ['ssh2', 'openssh'] as const;

const gateway = (script: string): Promise<string> => lab.host('hx-api-server').must(script);

async function drainedServers(): Promise<number> {
  const { backends } = JSON.parse(await gateway('/opt/litellm/current/gateway --control backends')) as {
    readonly backends: readonly { readonly drained: boolean }[]; // as the gateway prints them
  };
  return backends.filter(({ drained }) => drained).length;
}

/** Ends when the gateway has drained a server, after the script, which runs on the host in that moment. */
function whenDrained(script: string): Promise<string> {
  return gateway(
    `timeout 60 bash -c "until grep -qs '\\"url\\"' /var/lib/litellm/drained.json; do sleep 0.02; done" && ${script}`,
  );
}

test('the gateway is deployed, and sudo wants a password', lab.only, async () => {
  const ran = await operator.deploy('enforce', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  await gateway(`printf %s ${quote(`deploy:${PASSWORD}`)} | chpasswd
sed -i 's/^deploy .*/deploy ALL=(ALL:ALL) ALL/' /etc/sudoers.d/deploy`);
  writeFileSync(join(operator.folder, 'sudo-password'), `${PASSWORD}\n`);
  writeFileSync(join(operator.folder, 'ansible.cfg'), '[defaults]\nbecome_password_file = sudo-password\n');
});

for (const transport of TRANSPORTS) {
  const words = ['smoke', '--fault', '--yes', '--transport', transport];

  test(`a server is drained and put back by ${transport} with a password for sudo`, lab.only, async () => {
    const ran = await operator.deploy(...words, '--verbose');
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    assert.match(ran.stdout, /✓ nothing fails while a server is out of use: http:\/\/hx-llm0\d/);
    assert.match(ran.stdout, /✓ the server is in use again/);
    assert.doesNotMatch(ran.stdout + ran.stderr, /canary/);
    assert.equal(await drainedServers(), 0);
  });

  test(`the host puts it back when hxllm by ${transport} is interrupted or killed`, lab.only, async () => {
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const isOut = whenDrained(':');
      const [ran] = await Promise.all([operator.cutOff(signal, isOut, ...words), isOut]);
      assert.notEqual(ran.exitCode, 0, ran.stdout + ran.stderr);
      await until(`the server to be back after ${signal}`, 30_000, async () => (await drainedServers()) === 0);
    }
  });

  test(`the host puts it back when the network is gone between it and hxllm by ${transport}`, lab.only, async () => {
    const cut = whenDrained('ip link set host0 down');
    const smoking = operator.cutOff(
      'SIGKILL',
      cut.then(() => back),
      ...words,
    );
    const back = cut.then(() => until('the server to be back', 60_000, async () => (await drainedServers()) === 0));
    try {
      await back;
    } finally {
      await gateway('ip link set host0 up');
      await smoking;
    }
    // A kept connection of this process may have ended with the network.
    await until('the gateway to use both servers again', 60_000, () => usesBoth(key).catch(() => false));
    assert.equal(await gateway('pgrep -f "control drain|hxllm:drained" || :'), '');
  });
}

test('neither the evidence nor the host has the password', lab.only, async () => {
  assert.doesNotMatch(operator.evidence(), /canary/);
});
