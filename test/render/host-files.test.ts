import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isMarked } from '../../src/core/mark.ts';
import { Secret } from '../../src/core/secret.ts';
import { contentText } from '../../src/render/content.ts';
import { renderHostFiles } from '../../src/render/host-files.ts';
import { renderRelease } from '../../src/render/release-files.ts';
import { settings } from './settings.ts';

const KEY = { key: new Secret('sk-x') };
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

test('every file is marked and has the guide’s path, owner and mode', () => {
  const files = renderHostFiles(settings(), KEY);
  assert.ok(files.ok);
  assert.deepEqual(
    files.value.map((file) => [file.path, `${String(file.owner)}:${String(file.group)}`, file.mode.toString(8)]),
    [
      ['/etc/litellm/config.yaml', 'root:litellm', '640'],
      ['/etc/litellm/litellm.env', 'root:root', '600'],
      ['/etc/systemd/system/litellm-failed@.service', 'root:root', '644'],
      ['/etc/systemd/system-generators/litellm-drop-ins', 'root:root', '755'],
      ['/etc/systemd/system/litellm@.service', 'root:root', '644'],
      ['/etc/systemd/system/litellm.socket', 'root:root', '644'],
      ['/etc/systemd/system/litellm.service', 'root:root', '644'],
    ],
  );
  for (const file of files.value) assert.ok(isMarked(contentText(file.content) ?? ''), file.name);
});

test('a gateway of before the instances, which ends in this unit at an upgrade, has the time to end its streams', () => {
  const files = renderHostFiles(settings(), KEY);
  assert.ok(files.ok);
  const { content } = files.value.find(({ name }) => name === 'litellm.service') ?? {};
  const [, seconds] = /^TimeoutStopSec=(\d+)$/m.exec(content === undefined ? '' : (contentText(content) ?? '')) ?? [];
  // It lets running responses continue for 60 s.
  assert.ok(Number(seconds) > 60, seconds);
});

test('without systemd there are no units, and files have no set owner', () => {
  const files = renderHostFiles(settings({ serviceManager: 'process', prefix: '/p' }), KEY);
  assert.ok(files.ok);
  assert.deepEqual(
    files.value.map((file) => [file.path, file.owner, file.mode.toString(8)]),
    [
      ['/p/etc/litellm/config.yaml', undefined, '640'],
      ['/p/etc/litellm/litellm.env', undefined, '600'],
    ],
  );
});

test('the key is a secret, and its file is unknown while the vault is locked', () => {
  const files = renderHostFiles(settings(), { key: new Secret('sk-hidden') });
  assert.doesNotMatch(JSON.stringify(files), /sk-hidden/);
  const locked = renderHostFiles(settings(), { why: 'the vault is locked' });
  assert.ok(locked.ok);
  assert.deepEqual(
    locked.value.map((file) => file.content.kind),
    ['text', 'unknown', 'text', 'text', 'text', 'text', 'text'],
  );
});

test('a value that does not fit in a unit is a Problem that names the variable', () => {
  const files = renderHostFiles(settings({ user: 'lite llm', installDir: '/opt/a%b', listen: 'api.example.net' }), KEY);
  assert.ok(!files.ok);
  assert.deepEqual(
    files.problems.map((problem) => [problem.code, problem.where?.path]),
    [
      ['variables.unsuitable', 'litellm_install_dir'],
      ['variables.unsuitable', 'litellm_user'],
      ['variables.unsuitable', 'litellm_listen'],
    ],
  );
});

test('the wrapper starts the shipped runtime with the release’s bundle and passes its arguments on', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm release '));
  const release = renderRelease(
    settings({ prefix: folder }),
    { version: '1', committedAt: undefined, content: '', sha256: '' },
    { version: '24.0.0', architecture: 'x64', file: '', sha256: 'f'.repeat(64), sizeBytes: 1 },
  );
  assert.ok(release.ok);
  const runtime = `${release.value.runtimeFolder}/bin/node`;
  execFileSync('mkdir', ['-p', join(runtime, '..')]);
  writeFileSync(runtime, '#!/bin/sh\nprintenv MALLOC_TRIM_THRESHOLD_\nfor a; do echo "$a"; done\n', { mode: 0o755 });
  writeFileSync(join(folder, 'gateway'), release.value.files.find((file) => file.name === 'gateway')?.content ?? '', {
    mode: 0o755,
  });
  const seen = (environment: NodeJS.ProcessEnv): readonly string[] =>
    execFileSync(join(folder, 'gateway'), ['--check', 'a b', ''], { encoding: 'utf8', env: environment })
      .split('\n')
      .filter((line) => line !== '--use-system-ca');
  const { MALLOC_TRIM_THRESHOLD_: _trim, ...plain } = process.env;
  const started = [
    '--no-maglev-inlining',
    '--max-semi-space-size=12',
    `${folder}/gateway.mjs`,
    '--check',
    'a b',
    '',
    '',
  ];
  assert.deepEqual(seen(plain), ['1048576', ...started]);
  assert.deepEqual(seen({ ...plain, MALLOC_TRIM_THRESHOLD_: '8' }), ['8', ...started], 'a variable that is set stays');
  rmSync(folder, { recursive: true });
});

test(
  'systemd accepts both units without a message and rates the gateway and the service that stands for it 1.3 or better',
  { skip: hasSystemd ? false : 'systemd-analyze is not installed' },
  () => {
    const files = renderHostFiles(settings(), KEY);
    assert.ok(files.ok);
    const folder = mkdtempSync(join(tmpdir(), 'hxllm-units-'));
    for (const file of files.value.slice(2))
      writeFileSync(
        join(folder, file.name),
        (contentText(file.content) ?? '').replace(/^ExecStart=.*$/m, 'ExecStart=/bin/true'),
      );
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', './litellm.socket', './litellm.service'], {
      cwd: folder,
      encoding: 'utf8',
    });
    assert.deepEqual([verified.status, verified.stdout + verified.stderr], [0, '']);
    for (const unit of ['./litellm@.service', './litellm.service']) {
      const rated = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=13', unit], {
        cwd: folder,
        encoding: 'utf8',
      });
      assert.equal(rated.status, 0, rated.stdout);
    }
    rmSync(folder, { recursive: true });
  },
);
