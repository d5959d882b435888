import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { quietPort } from '../../port.ts';

const BIN = join(import.meta.dirname, '../../../bin/hxllm.js');
const PHASES = ['preflight', 'inventory', 'validate', 'enforce', 'smoke'];
// A space, as in a home folder's name.
const folder = mkdtempSync(join(tmpdir(), 'hxllm demo-'));
const port = String(await quietPort());
// Far more than a demo takes; one that hangs is to be named by its test.
const LIMIT_MS = 90_000;
const run = promisify(execFile);

after(async () => {
  await demo('--stop');
  rmSync(folder, { recursive: true });
});

/** How a demo ended, and what it said on both streams. */
async function demo(...argv: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  const child = spawn(process.execPath, [BIN, 'demo', ...argv], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, npm_lifecycle_event: '' },
    timeout: LIMIT_MS,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  const [code] = (await once(child, 'close')) as [number];
  return { code, said };
}

/** Whether something answers as the gateway does. */
async function answers(): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health/liveliness`).then(
    (reply) => reply.ok,
    () => false,
  );
}

/** Processes of the demo that still run. */
function running(): readonly string[] {
  const pids = globSync('.demo/**/*.pid', { cwd: folder }).map(
    (file) => readFileSync(join(folder, file), 'utf8').trim().split(' ')[0] ?? '',
  );
  return pids.filter((pid) => existsSync(`/proc/${pid}`));
}

test('a detached demo passes all phases, leaves evidence and a gateway, and its curl line works when pasted', async () => {
  const { code, said } = await demo('--detach', '--port', port);
  assert.equal(code, 0, said);
  for (const phase of PHASES)
    assert.equal(globSync(`evidence/${phase}/*/manifest.json`, { cwd: folder }).length, 1, phase);
  const key = readFileSync(join(folder, '.demo', `port-${port}`, 'master-key'), 'utf8').trim();
  assert.ok(!said.includes(key));
  for (const file of globSync('evidence/**/*', { cwd: folder, withFileTypes: true }))
    if (file.isFile()) assert.ok(!readFileSync(join(file.parentPath, file.name), 'utf8').includes(key), file.name);
  const lines = said.slice(said.indexOf('\ncurl ') + 1).split('\n');
  const curl = lines.slice(0, lines.findIndex((line) => !line.endsWith('\\')) + 1).join('\n');
  assert.match((await run('bash', ['-c', `${curl} -s`], { cwd: '/' })).stdout, /"choices"/);
});

test('a second demo says that one runs, and names how to end it and how to run beside it', async () => {
  const { code, said } = await demo('--port', port);
  assert.equal(code, 1);
  assert.match(said, new RegExp(`a demo runs already, on http://127\\.0\\.0\\.1:${port}`));
  assert.match(said, /--stop[^]*--port \d+/);
  assert.ok(await answers());
});

test('--stop ends all of it, says what, and is no failure when nothing runs', async () => {
  const { code, said } = await demo('--stop');
  assert.equal(code, 0);
  assert.match(
    said,
    /^Stopped: gateway \(process \d+\), simulated backend 1 \(process \d+\), simulated backend 2 \(process \d+\)\.\n$/,
  );
  assert.deepEqual([await answers(), running()], [false, []]);
  assert.deepEqual(await demo('--stop'), { code: 0, said: 'No demo runs here; nothing was stopped.\n' });
});

test('a demo in the foreground starts again without changes, and ends with 0 on SIGINT, everything stopped', async (t) => {
  // Those that follow are not to find it.
  t.after(() => demo('--stop'));
  const child = spawn(process.execPath, [BIN, 'demo', '--port', port], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: LIMIT_MS,
  });
  let said = '';
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
      if (said.includes('Ctrl-C ends it.')) resolve();
    });
  });
  await Promise.race([ready, once(child, 'close')]);
  assert.match(said, /enforce passed: 1 change\b/);
  assert.ok(await answers());
  child.kill('SIGINT');
  assert.deepEqual(await once(child, 'close'), [0, null]);
  assert.match(said, /Stopped: gateway/);
  assert.deepEqual([await answers(), running()], [false, []]);
});

test('a demo that fails stops what it started', async () => {
  // Something that is not hxllm's stands where the configuration belongs: preflight warns, enforce refuses.
  const foreign = join(folder, '.demo', `port-${port}`, 'host/etc/litellm/config.yaml');
  writeFileSync(foreign, 'model_list: []\n');
  const { code, said } = await demo('--port', port);
  assert.notEqual(code, 0);
  assert.match(said, /Stopped: simulated backend 1 \(process \d+\), simulated backend 2/);
  assert.deepEqual(running(), []);
});

test('a port that something else has is named with who has it, before anything is started', async () => {
  await using server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A listening TCP server's address is one.
  const { port: taken } = server.address() as AddressInfo;
  const { code, said } = await demo('--port', String(taken));
  assert.equal(code, 1);
  assert.match(said, new RegExp(`process ${String(process.pid)} [^]*--port \\d+`));
  assert.ok(!existsSync(join(folder, '.demo', `port-${String(taken)}`)));
});

test('wrong usage is 64, and a backend that does not answer is named', async () => {
  assert.equal((await demo('--port', '0')).code, 64);
  assert.equal((await demo('--backend', 'localhost:11434')).code, 64);
  const free = String(await quietPort());
  const { code, said } = await demo('--backend', `http://127.0.0.1:${free}`, '--port', port);
  assert.equal(code, 1);
  assert.match(said, new RegExp(`the backend http://127\\.0\\.0\\.1:${free} does not answer`));
});
