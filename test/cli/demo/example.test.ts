import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { writeExample } from '../../../src/cli/demo/example.ts';
import { pathsFor } from '../../../src/cli/demo/paths.ts';
import { pathsOf } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load.ts';

const BACKENDS = ['http://127.0.0.1:1111', 'http://127.0.0.1:2222'];
const MODELS = [
  { name: 'phi3-3.8b', model: 'phi3:3.8b', backends: undefined, mode: 'chat' },
  { name: "odd#name:1'", model: 'hf.co/x/y:Q4', backends: BACKENDS.slice(0, 1), mode: 'embedding' },
] as const;

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm demo-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('hxllm reads the example as the demo means it, for all names of models and in every folder', async (t) => {
  const paths = pathsFor(folderFor(t), 4000);
  await writeExample(paths, { port: 4000, backends: BACKENDS, models: MODELS });
  const loaded = await loadConfig({
    cwd: paths.folder,
    home: '/nonexistent',
    userName: 'x',
    environment: {},
    inventories: [],
    limit: undefined,
    vaultPasswordFile: undefined,
    askVaultPassword: undefined,
  });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.deepEqual(loaded.value.warnings, []);
  const [host] = loaded.value.hosts;
  assert.equal(host?.target.connection, 'local');
  const { models, backends, serviceManager, listen, port, masterKey } = host.settings;
  assert.deepEqual(
    models?.map(({ name, model, mode, backends: on }) => ({ name, model, mode, backends: on })),
    MODELS.map(({ name, model, mode, backends: on }) => ({ name, model, mode, backends: on })),
  );
  assert.deepEqual(
    backends?.map(({ url }) => url),
    BACKENDS,
  );
  assert.deepEqual([serviceManager, listen, port], ['process', '127.0.0.1', 4000]);
  assert.equal(pathsOf(host.settings).pidFile, paths.gatewayPid);
  assert.equal(pathsOf(host.settings).logFile, paths.gatewayLog);
  assert.ok(masterKey.state === 'set');
  assert.equal(masterKey.key.reveal(), readFileSync(paths.masterKey, 'utf8').trim());
  assert.match(masterKey.key.reveal(), /^sk-[0-9a-f]{64}$/);
});

test('key and password are private, and kept if the example is written again', async (t) => {
  const paths = pathsFor(folderFor(t), 4001);
  await writeExample(paths, { port: 4001, backends: BACKENDS, models: MODELS });
  const secrets = [paths.masterKey, paths.vaultPassword, paths.vault];
  const before = secrets.map((file) => readFileSync(file, 'utf8'));
  for (const file of secrets) assert.equal(statSync(file).mode & 0o777, 0o600, file);
  assert.doesNotMatch(before[2] ?? '', /sk-/);
  await writeExample(paths, { port: 4001, backends: BACKENDS, models: MODELS });
  assert.deepEqual(
    secrets.map((file) => readFileSync(file, 'utf8')),
    before,
  );
});

test('a demo on another port has a folder of its own', () => {
  assert.equal(pathsFor('/x', 4000).folder, '/x/.demo');
  assert.equal(pathsFor('/x', 4001).folder, '/x/.demo/port-4001');
});
