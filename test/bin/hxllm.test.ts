import assert from 'node:assert/strict';
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { slowness } from '../working-time.ts';

const BIN = join(import.meta.dirname, '../../bin/hxllm.js');

/** Node's arguments for a process that reports another Node version; its children do not. */
function pretending(what: {
  readonly version?: string;
  readonly platform?: string;
  readonly arch?: string;
}): readonly string[] {
  const { version = process.versions.node, platform = process.platform, arch = process.arch } = what;
  const set = (name: string, value: string): string =>
    `Object.defineProperty(process, '${name}', { value: ${value} });`;
  const source =
    set('versions', `{ ...process.versions, node: '${version}' }`) +
    set('platform', `'${platform}'`) +
    set('arch', `'${arch}'`);
  return ['--import', `data:text/javascript,${encodeURIComponent(source)}`];
}

const OLD = pretending({ version: '20.19.2' });

function run(nodeArguments: readonly string[], argv: readonly string[], bin = BIN): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [...nodeArguments, bin, ...argv], { encoding: 'utf8', timeout: 60_000 });
}

/** A folder with only the program's entry and the given files. */
function bareFolder(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-bin-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'bin'));
  copyFileSync(BIN, join(folder, 'bin/hxllm.js'));
  for (const [path, content] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return join(folder, 'bin/hxllm.js');
}

test('a Node that is new enough runs the program itself', () => {
  const { stdout, status } = run([], ['--version']);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  assert.equal(status, 0);
});

test('an old Node starts the pinned runtime: arguments, output and exit code are the program’s', () => {
  assert.match(run(OLD, ['--version']).stdout, /^\d+\.\d+\.\d+\n$/);
  const wrong = run(OLD, ['no such command']);
  assert.equal(wrong.status, 64);
  assert.match(wrong.stderr, /unknown command 'no such command'/);
});

test('24.1 is too old, 24.2 and 26.0 are not', (t) => {
  const bin = bareFolder(t, { 'dist/cli/main.js': 'export const main = () => Promise.resolve(7);\n' });
  assert.deepEqual(
    ['24.1.9', '24.2.0', '26.0.0'].map((version) => run(pretending({ version }), [], bin).status),
    [1, 7, 7],
  );
});

test('a signal to the old Node reaches the program, which ends in its own way', async () => {
  const child = spawn(process.execPath, [...OLD, BIN, 'sim', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  child.stdout.once('data', () => child.kill('SIGTERM'));
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('after a program ended by a signal the old Node ends by the same signal', (t) => {
  // The runtime that it finds is a shell script: dying needs nothing of hxllm.
  const bin = bareFolder(t, {
    [`node_modules/node-linux-${process.arch}/package.json`]: '{}',
    [`node_modules/node-linux-${process.arch}/bin/node`]: '#!/bin/sh\nkill -TERM $$\n',
  });
  const runtime = join(bin, `../../node_modules/node-linux-${process.arch}/bin/node`);
  spawnSync('chmod', ['+x', runtime]);
  assert.equal(run(OLD, [], bin).signal, 'SIGTERM');
});

/** The single line on stderr of a program that cannot start. */
function lineOf({ stderr, stdout, status }: SpawnSyncReturns<string>): string {
  assert.equal(status, 1, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /^hxllm: [^\n]+\n$/);
  return stderr;
}

test('a runtime that npm left out is named, with the command that installs it', (t) => {
  assert.match(
    lineOf(run(OLD, [], bareFolder(t, {}))),
    /this is Node 20\.19\.2.*node-linux-\w+, is not installed.*--include=optional/,
  );
});

test('a runtime that does not start has another message than a missing one', (t) => {
  const name = `node_modules/node-linux-${process.arch}`;
  // The kernel reports a missing interpreter of a script like a missing loader of a program.
  const bin = bareFolder(t, { [`${name}/package.json`]: '{}', [`${name}/bin/node`]: '#!/no/such/loader\n' });
  spawnSync('chmod', ['+x', join(bin, `../../${name}/bin/node`)]);
  assert.match(lineOf(run(OLD, [], bin)), /needs glibc/);
});

test('other systems and architectures are told which Node to install', (t) => {
  const bin = bareFolder(t, {});
  assert.match(lineOf(run(pretending({ version: '20.19.2', platform: 'darwin' }), [], bin)), /install Node 24/);
  assert.match(lineOf(run(pretending({ version: '20.19.2', arch: 'riscv64' }), [], bin)), /install Node 24/);
});

test('a clone without its packages is told to install them', (t) => {
  const bin = bareFolder(t, { 'src/cli/main.ts': "import 'no-such-package';\n" });
  assert.match(lineOf(run([], [], bin)), /&& npm ci$/m);
});

test('--help costs less than 150 ms of a machine at rest, once Node has kept what it compiled', () => {
  const cost = (environment: Readonly<Record<string, string>> = {}): number => {
    const { stdout } = spawnSync('bash', ['-c', '"$@" >/dev/null; times', 'bash', process.execPath, BIN, '--help'], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C', ...environment },
    });
    // The second line has the children: 0m0.104s 0m0.032s.
    const times = [...(stdout.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
    assert.equal(times.length, 2, stdout);
    return times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000, 0);
  };
  cost();
  const costs = Array.from({ length: 7 }, () => cost() / slowness());
  // The clock also waits for the disk, so the limit leaves it some time; the least disturbed, since neighbours share a core's caches.
  const least = Math.min(...costs);
  assert.ok(least < 120, costs.map(Math.round).join(', '));
  // The machine may be a slower one than the limit is for. Compared with itself, what Node keeps saves half of the work.
  const anew = Array.from({ length: 5 }, () => cost({ NODE_DISABLE_COMPILE_CACHE: '1' }) / slowness());
  assert.ok(
    least < 0.65 * Math.min(...anew),
    `${costs.map(Math.round).join(', ')} of ${anew.map(Math.round).join(', ')}`,
  );
});
