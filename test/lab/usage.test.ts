import assert from 'node:assert/strict';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { alive, chat } from './client.ts';
import { until } from './command.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab();
const operator = createOperator();
const STATE = '/var/lib/litellm';
let key = '';

/** The requests of the key, as `hxllm usage` tells; those of smoke are of the master key. */
async function requests(): Promise<number | undefined> {
  const ran = await operator.deploy('usage', '--by', 'key', '--json');
  assert.equal(ran.exitCode, 0, ran.stderr);
  const { rows } = JSON.parse(ran.stdout) as { readonly rows: readonly { name: string; requests: number }[] };
  return rows.find(({ name }) => name === 'portal')?.requests;
}

async function chats(count: number): Promise<void> {
  for (let each = 0; each < count; each += 1) assert.equal((await chat(key, each % 2 === 0)).fate, 'whole');
}

test(
  'a deployed gateway makes keys, and keeps a row for each of their requests within its own folder',
  lab.only,
  async () => {
    const up = await operator.deploy('up', '--yes');
    assert.equal(up.exitCode, 0, up.stdout + up.stderr);
    const made = await operator.deploy('keys', 'create', 'portal', '--json');
    assert.equal(made.exitCode, 0, made.stderr);
    key = /sk-hx-[0-9A-Za-z_-]+/.exec(made.stdout)?.[0] ?? '';
    await chats(4);
    await until('their rows are stored', 10_000, async () => (await requests()) === 4);
    const host = lab.host('hx-api-server');
    assert.equal(
      await host.must(`stat -c "%a %U" ${STATE} ${STATE}/gateway.db ${STATE}/journal`),
      '700 litellm\n600 litellm\n700 litellm',
    );
    assert.equal(await host.must(`grep -rl ${key} /var/lib /run/log /var/log 2>/dev/null || true`), '');
  },
);

/** A function that tries a command in the sandbox of the serving instance, as its user. */
const INSIDE = `
pid=$(systemctl show -P MainPID "$(basename /etc/systemd/system/litellm.service.wants/litellm@*.service)")
inside() { nsenter -t "$pid" --mount --user --ipc --setuid "$(id -u litellm)" --setgid "$(id -g litellm)" bash -c "$1" 2>&1; }
`;

test(
  'the process writes nowhere but to its own folders, and reads neither the key file nor a home',
  lab.only,
  async () => {
    const host = lab.host('hx-api-server');
    await host.must(
      'mkdir -p /srv/open && chmod 1777 /srv/open && echo secret > /home/deploy/vault.yml && chmod 755 /home/deploy',
    );
    // The message queues are those of its own namespace.
    const find = 'find / -path /proc -prune -o -writable ! -type l ! -type c ! -type p ! -type s -print -prune';
    assert.equal(
      await host.must(`${INSIDE}inside '${find} 2> /dev/null' | sort`),
      '/dev/mqueue\n/run/litellm\n/tmp\n/var/lib/litellm\n/var/tmp',
    );
    for (const attempt of [
      'echo x > /srv/open/file',
      'echo x > /opt/litellm/file',
      'echo x >> /etc/litellm/config.yaml',
      'cat /etc/litellm/litellm.env',
      'cat /home/deploy/vault.yml',
      'ls /root',
      'cat /proc/1/environ',
      'cat /opt/litellm/deployments/1/files/config.yaml',
    ]) {
      const tried = await host.sh(`${INSIDE}inside '${attempt}'`);
      assert.notEqual(tried.exitCode, 0, attempt);
      assert.match(tried.stdout, /Read-only file system|Permission denied|No such file/, attempt);
    }
    await host.must('rm -r /srv/open /home/deploy/vault.yml');
  },
);

test('a restart, and a kill, lose neither keys nor rows', lab.only, async () => {
  const host = lab.host('hx-api-server');
  for (const command of ['systemctl restart litellm', "systemctl kill -s KILL 'litellm@*'"]) {
    await chats(1);
    await host.must(command);
    await until('it answers', 30_000, async () => (await alive()) === '200');
  }
  // The journal of the killed one is taken over.
  await until('all rows are stored', 40_000, async () => (await requests()) === 6);
  await chats(1);
});

test(
  'uninstall --keep-data leaves keys and usage for the next enforce, and uninstall removes them',
  lab.only,
  async () => {
    const host = lab.host('hx-api-server');
    const kept = await operator.deploy('uninstall', '--keep-data', '--yes');
    assert.equal(kept.exitCode, 0, kept.stdout + kept.stderr);
    assert.match(kept.stdout + kept.stderr, /by --keep-data/);
    assert.equal(await host.must(`stat -c %U ${STATE}/gateway.db`), 'litellm');
    assert.equal((await operator.deploy('uninstall', '--keep-data', '--yes')).exitCode, 0);
    const again = await operator.deploy('up', '--yes');
    assert.equal(again.exitCode, 0, again.stdout + again.stderr);
    await chats(1);
    await until('the rows of before are there', 20_000, async () => (await requests()) === 8);
    const removed = await operator.deploy('uninstall', '--yes');
    assert.equal(removed.exitCode, 0, removed.stdout + removed.stderr);
    assert.equal(await host.must(`ls -d ${STATE} 2>/dev/null || true; getent passwd litellm || true`), '');
  },
);
