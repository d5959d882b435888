import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { quietPort } from '../../port.ts';
import { referencedSchema, schemaErrors } from '../../json-schema.ts';
import { assertValidDocument, assertValidEvidence } from '../../valid-evidence.ts';

const BIN = join(import.meta.dirname, '../../../bin/hxllm.js');
const PHASES = ['preflight', 'inventory', 'validate', 'enforce', 'smoke'];
// With a space, as in some home folders.
const folder = mkdtempSync(join(tmpdir(), 'hxllm demo-'));
const port = String(await quietPort());
// Far more than a demo takes, but short enough that its test reports a hanging one.
const LIMIT_MS = 90_000;
const run = promisify(execFile);

after(async () => {
  await demo('--stop');
  rmSync(folder, { recursive: true });
});

/** The exit code of a demo and its output on both streams. */
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

/** Whether the gateway answers. */
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

test('a detached demo passes all phases, leaves evidence and a gateway, and its pasted curl command works', async () => {
  const { code, said } = await demo('--detach', '--port', port);
  assert.equal(code, 0, said);
  for (const phase of PHASES)
    assert.equal(globSync(`evidence/${phase}/*/manifest.json`, { cwd: folder }).length, 1, phase);
  const key = readFileSync(join(folder, '.demo', `port-${port}`, 'master-key'), 'utf8').trim();
  assert.ok(!said.includes(key));
  for (const file of globSync('evidence/**/*', { cwd: folder, withFileTypes: true }))
    if (file.isFile()) assert.ok(!readFileSync(join(file.parentPath, file.name), 'utf8').includes(key), file.name);
  assert.ok(assertValidEvidence(folder) > 100);
  const lines = said.slice(said.indexOf('\ncurl ') + 1).split('\n');
  const curl = lines.slice(0, lines.findIndex((line) => !line.endsWith('\\')) + 1).join('\n');
  assert.match((await run('bash', ['-c', `${curl} -s`], { cwd: '/' })).stdout, /"choices"/);
});

test('in the demo’s folder every command works, and prints its document with --json', async () => {
  const cwd = join(folder, '.demo', `port-${port}`);
  for (const argv of [['validate'], ['enforce', '--dry-run'], ['up', '--yes']]) {
    const { stdout } = await run(process.execPath, [BIN, ...argv, '--json'], { cwd, timeout: LIMIT_MS });
    assertValidDocument(stdout);
  }
  assert.ok(assertValidEvidence(cwd) > 50);
});

test('the rendered config.yaml is valid by the schema that its second line names', () => {
  const text = readFileSync(join(folder, '.demo', `port-${port}`, 'host/etc/litellm/config.yaml'), 'utf8');
  assert.deepEqual(schemaErrors(referencedSchema(text), parse(text)), []);
  assert.notDeepEqual(schemaErrors(referencedSchema(text), { ...(parse(text) as object), hxlm: {} }), []);
});

test('a second demo reports the running one, and names the commands to stop it and to start another', async () => {
  const { code, said } = await demo('--port', port);
  assert.equal(code, 1);
  assert.match(said, new RegExp(`a demo is already running on http://127\\.0\\.0\\.1:${port}`));
  assert.match(said, /--stop[^]*--port \d+/);
  assert.ok(await answers());
});

test('--stop stops everything and names it; without a running demo it is not a failure', async () => {
  const { code, said } = await demo('--stop');
  assert.equal(code, 0);
  assert.match(
    said,
    /^Stopped: gateway \(process \d+\), simulated backend 1 \(process \d+\), simulated backend 2 \(process \d+\)\.\n$/,
  );
  assert.deepEqual([await answers(), running()], [false, []]);
  assert.deepEqual(await demo('--stop'), { code: 0, said: 'No demo is running in this folder.\n' });
});

test('a demo in the foreground starts again without changes, and ends with 0 on SIGINT, everything stopped', async (t) => {
  // So that later tests do not find it.
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
      if (said.includes('Press Ctrl-C to stop it.')) resolve();
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

test('a demo that fails stops the servers that it started', async () => {
  // A foreign file stands at the place of the configuration: preflight warns, enforce refuses.
  const foreign = join(folder, '.demo', `port-${port}`, 'host/etc/litellm/config.yaml');
  writeFileSync(foreign, 'model_list: []\n');
  const { code, said } = await demo('--port', port);
  assert.notEqual(code, 0);
  assert.match(said, /Stopped: simulated backend 1 \(process \d+\), simulated backend 2/);
  assert.deepEqual(running(), []);
});

test('a port in use is reported with its process, before anything is started', async () => {
  await using server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  // The address of a listening TCP server is an AddressInfo.
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
