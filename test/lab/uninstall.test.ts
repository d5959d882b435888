import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, globSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { removeLeftovers } from './leftovers.ts';
import { openLab } from './lab.ts';
import { until } from './command.ts';
import { labTestsLeftOut } from './requirements.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const reason = labTestsLeftOut();
const skip = reason ?? false;

/** Other people's containers and namespaces as they look from here; they existed before and are not the lab's. */
let others: readonly string[] = [];

/** All possible leftovers of a lab, found by other means than the lab's own. */
function traces(): readonly string[] {
  return look().filter((line) => !others.includes(line));
}

function look(): readonly string[] {
  const lines = (command: string, words: readonly string[]): readonly string[] =>
    execFileSync(command, words).toString().split('\n');
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        // A process that has ended and waits for its parent is not the lab's to remove.
        if (/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return false;
        return (
          /hxllm-lab/.test(readFileSync(`/proc/${pid}/cgroup`, 'utf8')) ||
          /^(?:systemd-nspawn|debootstrap|dnsmasq)/.test(readFileSync(`/proc/${pid}/comm`, 'utf8'))
        );
      } catch {
        return false;
      }
    });
  return [
    ...lines('ip', ['-o', 'link']).filter((line) => /hxlab/.test(line)),
    ...lines('ip', ['netns', 'list']).filter((line) => /hxlab/.test(line)),
    ...lines('cat', ['/proc/mounts']).filter((line) => /hxlab|hxllm-lab|netns/.test(line)),
    ...globSync('/sys/fs/cgroup/**/hxllm-lab*'),
    ...processes.map((pid) => `process ${pid}`),
    ...['/var/lib/hxllm-lab', '/run/netns', '/run/hxllm-lab.lease'].filter((path) => existsSync(path)),
    ...globSync('/run/systemd/nspawn/*/hxlab*'),
    ...globSync('/var/cache/hxllm-lab/*.partial'),
  ];
}

function start(...words: readonly string[]): { readonly pid: number; readonly ended: Promise<number | string | null> } {
  const child = spawn(process.execPath, [MAIN, ...words], { stdio: 'ignore' });
  const { promise, resolve } = Promise.withResolvers<number | string | null>();
  child.on('exit', (code, signal) => resolve(code ?? signal));
  return { pid: child.pid ?? 0, ended: promise };
}

if (reason === undefined) {
  before(async () => {
    assert.ok(openLab() === undefined || process.env['CI'] === 'true', 'a lab is up already; npm run lab -- down');
    await removeLeftovers();
    others = look();
    assert.ok(!others.some((line) => /hxlab-|\/sys\/fs\/cgroup|\/var\/lib\/hxllm-lab/.test(line)), others.join('\n'));
  });
  after(async () => {
    await removeLeftovers();
  });
}

test('down leaves nothing behind, and a second down has nothing to do', { skip }, async () => {
  // Labs in namespaces of their own have no network: the layer of the domain controller is built here.
  assert.equal(await start('up', '--directory').ended, 0);
  assert.notEqual(openLab(), undefined);
  assert.ok(traces().length > 10, traces().join('\n'));
  assert.equal(await start('down').ended, 0);
  assert.deepEqual(traces(), []);
  assert.equal(await start('down').ended, 0);
});

test('up twice gives the same lab', { skip }, async () => {
  assert.equal(await start('up').ended, 0);
  const key = readFileSync('/var/lib/hxllm-lab/known_hosts', 'utf8');
  assert.equal(await start('up').ended, 0);
  assert.equal(readFileSync('/var/lib/hxllm-lab/known_hosts', 'utf8'), key);
  assert.equal(await start('up', '--ollama', 'real').ended, 1);
  assert.equal(await start('down').ended, 0);
});

for (const [how, signal, wanted] of [
  ['interrupted', 'SIGINT', 130],
  ['ended', 'SIGTERM', 130],
] as const) {
  test(`an up that is ${how} while hosts boot removes the unfinished lab`, { skip }, async () => {
    const up = start('up');
    await until('the first host', 120_000, () =>
      Promise.resolve(existsSync('/var/lib/hxllm-lab/hosts/hx-api-server/pid')),
    );
    process.kill(up.pid, signal);
    assert.equal(await up.ended, wanted);
    assert.deepEqual(traces(), []);
  });
}

test('a killed up leaves hosts, which down removes and the next up replaces', { skip }, async () => {
  for (const next of ['down', 'up'] as const) {
    const up = start('up');
    await until('the first host', 120_000, () =>
      Promise.resolve(existsSync('/var/lib/hxllm-lab/hosts/hx-api-server/pid')),
    );
    process.kill(up.pid, 'SIGKILL');
    assert.equal(await up.ended, 'SIGKILL');
    assert.ok(traces().length > 0);
    assert.equal(await start(next).ended, 0);
  }
  assert.notEqual(openLab(), undefined);
  assert.equal(await start('down').ended, 0);
  assert.deepEqual(traces(), []);
});

test('of two concurrent commands the second names the first', { skip }, async () => {
  const first = start('up');
  await until('the lease', 30_000, () => Promise.resolve(existsSync('/run/hxllm-lab.lease')));
  assert.equal(await start('down').ended, 1);
  assert.equal(await first.ended, 0);
  assert.equal(await start('down').ended, 0);
  assert.deepEqual(traces(), []);
});
