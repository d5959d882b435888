import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathsFor } from '../../../src/cli/demo/paths.ts';
import { unfitFolder } from '../../../src/cli/demo/unfit-folder.ts';

const PROGRAM = join(import.meta.dirname, '../../../bin/hxllm.js');

test('a demo refuses a folder whose path no unit can name, before it makes anything', (context) => {
  const root = mkdtempSync(join(tmpdir(), 'hxllm-demo-'));
  context.after(() => rmSync(root, { recursive: true }));
  for (const [name, isFit] of [
    ['a b', true],
    ['größe', true],
    ['a{b', true],
    ["it's", false],
    ['q"q', false],
    ['$x', false],
    ['100%', false],
    ['a\\b', false],
    ['a\nb', false],
    ['{{ x }}', false],
  ] as const) {
    const cwd = join(root, name);
    mkdirSync(cwd);
    const problem = unfitFolder(cwd, pathsFor(cwd, 4017));
    assert.deepEqual([problem === undefined, existsSync(join(cwd, '.demo'))], [isFit, isFit], name);
    assert.ok(isFit || problem?.code === 'usage.demo-folder');
  }
});

test(
  'a demo in a folder that takes no entries ends at once',
  { skip: !existsSync('/proc/self') && 'needs /proc' },
  () => {
    const ran = spawnSync(process.execPath, [PROGRAM, 'demo', '--detach', '--port', '4019'], {
      cwd: '/proc',
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: tmpdir(), TERM: 'dumb' },
      timeout: 20_000,
      killSignal: 'SIGKILL',
    });
    assert.deepEqual([ran.signal, ran.status], [null, 64], ran.stderr);
    assert.match(ran.stderr, /a demo cannot run in this folder/);
  },
);
