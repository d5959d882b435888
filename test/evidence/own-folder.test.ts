import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Result } from '../../src/core/problem.ts';
import { createRedaction } from '../../src/evidence/redaction.ts';
import { openRun, type Run } from '../../src/evidence/run-folder.ts';
import { CLOSING, here, opened } from './open-run.ts';

const MODULE = join(import.meta.dirname, '../../src/evidence/own-folder.ts');
const AS_ROOT = userInfo().uid === 0;
const OTHER = 65_534;

function run(): Result<Run> {
  return openRun({
    root: join(here.root, 'evidence'),
    phase: 'preflight',
    version: '0',
    command: [],
    cwd: '/',
    by: 'ada@desk',
    pid: 1,
    redaction: createRedaction(),
    nowMs: () => here.clockMs,
  });
}

function codeOf(result: Result<Run>): string {
  if (result.ok) result.value.close(CLOSING);
  return result.ok ? 'opened' : result.problems[0].code;
}

for (const path of ['evidence', 'evidence/preflight'])
  for (const mode of [0o770, 0o707])
    test(`${path} with mode ${mode.toString(8)} is refused, and works after its fix`, () => {
      mkdirSync(join(here.root, path), { recursive: true, mode: 0o700 });
      chmodSync(join(here.root, path), mode);
      assert.equal(codeOf(run()), 'config.evidence-dir');
      chmodSync(join(here.root, path), mode & ~0o022);
      assert.equal(codeOf(run()), 'opened');
    });

test('a file in the place of the folder, and a folder that takes no entries, are refused at once', () => {
  writeFileSync(join(here.root, 'evidence'), '');
  assert.equal(codeOf(run()), 'config.evidence-dir');
  // A loop without an end can be ended from outside alone.
  const open =
    "const { openEvidenceRoot } = await import(process.argv[1]); try { openEvidenceRoot('/proc/hxllm/x', 'ada'); } catch (error) { console.log(error.code); }";
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', open, MODULE], {
    encoding: 'utf8',
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  assert.deepEqual([ran.signal, ran.stdout.trim()], [null, 'ENOENT'], ran.stderr);
});

for (const path of ['evidence', 'evidence/preflight'])
  test(`a link in the place of ${path} is not followed`, () => {
    mkdirSync(join(here.root, 'elsewhere'));
    if (path !== 'evidence') mkdirSync(join(here.root, 'evidence'), { mode: 0o700 });
    symlinkSync(join(here.root, 'elsewhere'), join(here.root, path));
    assert.equal(codeOf(run()), 'config.evidence-dir');
  });

test('a run folder that is renamed, with a link in its place, leads no byte to another file', () => {
  const open = opened();
  const victim = join(here.root, 'victim');
  mkdirSync(victim);
  writeFileSync(join(victim, 'summary.txt'), 'precious');
  renameSync(open.folder, `${open.folder}-moved`);
  symlinkSync(victim, open.folder);
  open.recorder.file('hosts/h1/answers.json', { a: 1 });
  open.close(CLOSING);
  assert.equal(readFileSync(join(victim, 'summary.txt'), 'utf8'), 'precious');
  assert.match(readFileSync(join(`${open.folder}-moved`, 'run.json'), 'utf8'), /"ending": "passed"/);
  assert.match(readFileSync(join(`${open.folder}-moved`, 'manifest.json'), 'utf8'), /hosts\/h1\/answers\.json/);
  // So that the folder is a valid one again.
  renameSync(open.folder, join(here.root, 'link'));
  renameSync(`${open.folder}-moved`, open.folder);
});

test('a link in the place of a document is not followed', () => {
  const open = opened();
  const victim = join(here.root, 'victim');
  writeFileSync(victim, 'precious');
  symlinkSync(victim, join(open.folder, 'notes.txt'));
  open.recorder.file('notes.txt', 'text');
  const closed = open.close(CLOSING);
  assert.equal(closed.ok, false);
  assert.equal(readFileSync(victim, 'utf8'), 'precious');
});

test(
  'in another user’s folder the evidence goes to a folder of one’s own, 0700',
  { skip: !AS_ROOT && 'needs root' },
  () => {
    const root = join(here.root, 'evidence');
    mkdirSync(root, { mode: 0o700 });
    chownSync(root, OTHER, OTHER);
    const result = run();
    assert.ok(result.ok, JSON.stringify(result));
    result.value.close(CLOSING);
    assert.ok(result.value.folder.startsWith(join(root, 'ada/preflight/')), result.value.folder);
    assert.equal(lstatSync(join(root, 'ada')).mode & 0o777, 0o700);
  },
);

test('a folder of one’s own that another user planted is refused', { skip: !AS_ROOT && 'needs root' }, () => {
  const root = join(here.root, 'evidence');
  mkdirSync(join(root, 'ada'), { recursive: true, mode: 0o700 });
  for (const path of [root, join(root, 'ada')]) chownSync(path, OTHER, OTHER);
  assert.equal(codeOf(run()), 'usage.evidence-dir');
});
