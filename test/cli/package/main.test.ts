import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pageFileName, PAGES } from '../../../src/cli/docs/pages.ts';
import { SCHEMAS } from '../../../src/cli/package/generated.ts';
import { until } from '../../until.ts';

const ROOT = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'hxllm-package-'));
const installed = join(folder, 'node_modules/hxllm');

// As npm would install it, but with the packages of the repository.
before(() => {
  const packed = spawnSync(
    process.execPath,
    [
      '-e',
      `import(${JSON.stringify(join(ROOT, 'src/cli/package/main.ts'))}).then(async ({ packPackage }) => { process.exitCode = await packPackage(${JSON.stringify(folder)}); })`,
    ],
    { encoding: 'utf8' },
  );
  assert.equal(packed.status, 0, packed.stderr);
  mkdirSync(installed, { recursive: true });
  const [tarball] = globSync('*.tgz', { cwd: folder });
  assert.equal(
    spawnSync('tar', ['-xzf', join(folder, tarball ?? ''), '-C', installed, '--strip-components=1']).status,
    0,
  );
  for (const name of readdirSync(join(ROOT, 'node_modules')).filter(
    (entry) => !entry.startsWith('.') && entry !== 'esbuild',
  ))
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
});
after(() => rmSync(folder, { recursive: true }));

test('the tarball has the program, the packed gateway, the templates, the pages and the schemas, and neither sources, tests nor evidence', () => {
  for (const path of [
    'bin/hxllm.js',
    'dist/cli/main.js',
    'dist/gateway.mjs',
    'templates/litellm.env',
    'README.md',
    'LICENSE',
  ])
    assert.ok(existsSync(join(installed, path)), path);
  assert.deepEqual(readdirSync(installed).toSorted(), [
    'LICENSE',
    'README.md',
    'bin',
    'dist',
    'package.json',
    'templates',
  ]);
  assert.deepEqual(globSync('**/*.ts', { cwd: installed }), []);
  assert.ok(!existsSync(join(installed, 'dist/cli/package')));
  const schemas = join(installed, 'dist/docs/schemas');
  assert.deepEqual(readdirSync(schemas).toSorted(), Object.keys(SCHEMAS).toSorted());
  for (const [name, schema] of Object.entries(SCHEMAS))
    assert.deepEqual(JSON.parse(readFileSync(join(schemas, name), 'utf8')), schema(), name);
});

test('the installed package runs below node_modules, without the repository and without esbuild', () => {
  const { status, stdout } = spawnSync(process.execPath, [join(installed, 'bin/hxllm.js'), '--version'], {
    encoding: 'utf8',
    cwd: folder,
  });
  assert.equal(status, 0);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  const config = join(folder, 'config.yaml');
  writeFileSync(
    config,
    'model_list:\n  - model_name: phi3\n    litellm_params: {model: ollama_chat/phi3, api_base: "http://127.0.0.1:1"}\n',
  );
  const checked = spawnSync(
    process.execPath,
    [join(installed, 'bin/hxllm.js'), 'gateway', '--check', '--config', config],
    { encoding: 'utf8', cwd: folder },
  );
  assert.equal(checked.status, 0, checked.stdout + checked.stderr);
});

test('the installed gateway reads its file again in a thread', async () => {
  const config = join(folder, 'reload.yaml');
  writeFileSync(
    config,
    'model_list:\n  - model_name: phi3\n    litellm_params: {model: ollama_chat/phi3, api_base: "http://127.0.0.1:1"}\n',
  );
  const args = [join(installed, 'bin/hxllm.js'), 'gateway', '--config', config, '--port', '0'];
  const running = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  after(() => running.kill('SIGKILL'));
  let log = '';
  running.stdout.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  for (const [event, signal] of [
    ['listening', 'SIGHUP'],
    ['reloaded', 'SIGTERM'],
  ] as const) {
    await until(event, () => log.includes(`"${event}"`), 30_000);
    running.kill(signal);
  }
  await until('it stops', () => log.includes('"stopped"'), 30_000);
});

test('every page of the manual is in the tarball, and printed as it is in the repository', () => {
  const files = PAGES.map(pageFileName).filter((name) => name !== undefined);
  assert.deepEqual(
    globSync('**/*.md', { cwd: join(installed, 'dist') }).toSorted(),
    files.map((file) => `docs/${file}`).toSorted(),
  );
  for (const page of PAGES) {
    const { status, stdout } = spawnSync(process.execPath, [join(installed, 'bin/hxllm.js'), 'docs', page], {
      encoding: 'utf8',
      cwd: folder,
    });
    assert.equal(status, 0, page);
    assert.equal(
      stdout,
      readFileSync(join(ROOT, page === 'readme' ? '.' : 'src/docs', pageFileName(page) ?? 'README.md'), 'utf8'),
      page,
    );
  }
});

test('the package ships the built gateway to hosts', () => {
  const source = `import(${JSON.stringify(join(installed, 'dist/cli/shipping/shipping.js'))}).then(async ({ createShipping }) => { const bundle = await createShipping({}).bundle(); console.log(bundle.ok && bundle.value.sha256); })`;
  const told = spawnSync(process.execPath, ['-e', source], { encoding: 'utf8' }).stdout.trim();
  const sum = spawnSync('sha256sum', [join(installed, 'dist/gateway.mjs')], { encoding: 'utf8' }).stdout.split(' ')[0];
  assert.equal(told, sum);
});
