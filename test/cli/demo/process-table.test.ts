import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { claimPidFile, endProcess, readPidFile, writePidFile } from '../../../src/cli/demo/pid-file.ts';
import { isFree, obstacleOn } from '../../../src/cli/demo/port.ts';
import { describeListener, identify, isRunning } from '../../../src/cli/demo/process-table.ts';
import { quietPort } from '../../port.ts';

const folder = mkdtempSync(join(tmpdir(), 'hxllm-demo-pid-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'a.pid');

/** A process that runs until SIGTERM. If it is `deaf`, it ignores SIGTERM. */
async function sleeper(t: TestContext, deaf = false): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn(
    process.execPath,
    [
      '-e',
      `${deaf ? "process.on('SIGTERM', () => {});" : ''} console.log('up'); setInterval(() => {}, 1000)`,
      'marked-word',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  assert.ok(child.pid !== undefined);
  return Object.assign(child, { pid: child.pid });
}

test('a process is identified by number and start time, and the demo’s by a word of its command line', async (t) => {
  const { pid } = await sleeper(t);
  writePidFile(file, pid);
  assert.equal(readPidFile(file, ['marked-word'])?.pid, pid);
  assert.equal(readPidFile(file, ['another-word']), undefined);
});

test('of several processes that claim a file at once, one gets it, and the file names that one', async (t) => {
  const claimed = join(folder, 'claimed.pid');
  const { pid } = await sleeper(t);
  assert.deepEqual([claimPidFile(claimed, pid), claimPidFile(claimed, process.pid)], [true, false]);
  assert.equal(readPidFile(claimed, [])?.pid, pid);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('claimed')),
    ['claimed.pid'],
  );
});

test('a reused process number is not mistaken for the demo’s', async (t) => {
  const { pid } = await sleeper(t);
  writePidFile(file, pid);
  writeFileSync(file, readFileSync(file, 'utf8').replace(/ \d+/, ' 1'));
  assert.equal(readPidFile(file, []), undefined);
});

test('a file that is missing, empty or invalid names no process', () => {
  for (const content of ['', 'x', '-1', '0', '999999999', '12 34 56']) {
    writeFileSync(file, content);
    assert.equal(readPidFile(file, ['no process has this word']), undefined, content);
  }
  assert.equal(readPidFile(join(folder, 'none'), []), undefined);
});

test('endProcess waits for the end of the process', async (t) => {
  const child = await sleeper(t);
  const identity = identify(child.pid);
  assert.ok(identity !== undefined && isRunning(identity));
  const exit = once(child, 'exit');
  assert.equal(await endProcess(identity), true);
  assert.equal(isRunning(identity), false);
  assert.deepEqual(await exit, [null, 'SIGTERM']);
});

test('a port in use is reported with its process and a free port', async () => {
  const port = await quietPort();
  await using server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  assert.equal(await isFree(port), false);
  assert.match(describeListener(port) ?? '', new RegExp(`^process ${String(process.pid)} \\(.*node`));
  const problem = await obstacleOn(port, 'npm run demo --');
  assert.equal(problem?.code, 'demo.port-taken');
  assert.match(problem?.detail ?? '', new RegExp(`process ${String(process.pid)} `));
  const proposed = Number(/^npm run demo -- --port (\d+)$/.exec(problem?.fix ?? '')?.[1]);
  assert.ok(await isFree(proposed));
  server.close();
  await once(server, 'close');
  assert.equal(await obstacleOn(port, 'hxllm demo'), undefined);
});

test('a server on all addresses uses the port too', async () => {
  const port = await quietPort();
  await using server = createServer().listen(port, '0.0.0.0');
  await once(server, 'listening');
  assert.equal((await obstacleOn(port, 'hxllm demo'))?.code, 'demo.port-taken');
});

test('a free port has no listener', async () => {
  assert.equal(describeListener(await quietPort()), undefined);
});
