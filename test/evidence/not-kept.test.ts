import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRedaction } from '../../src/evidence/redaction.ts';
import { openRun } from '../../src/evidence/run-folder.ts';
import { CLOSING, here, json, lines, opened } from './open-run.ts';

const RUN = {
  version: '0',
  command: [],
  cwd: '/',
  by: 'a@b',
  pid: 1,
  redaction: createRedaction(),
  nowMs: () => here.clockMs,
};

test('no document leaves the run’s folder or takes the place of the run’s own files', () => {
  const run = opened();
  for (const path of [
    '../../escaped.txt',
    '/etc/escaped.txt',
    'hosts/../../../escaped.txt',
    'hosts\\..\\escaped.txt',
    '',
    '.',
    'a\u0000b',
    'events.jsonl',
    'run.json',
    'x'.repeat(400),
  ])
    run.recorder.file(path, 'content');
  run.close(CLOSING);
  const kept = readdirSync(run.folder, { recursive: true, encoding: 'utf8' });
  assert.deepEqual(
    readdirSync(here.root, { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.includes('escaped') && !path.startsWith('evidence/preflight/2026'),
    ),
    [],
  );
  assert.ok(
    kept.includes('_run.json') &&
      kept.includes('_events.jsonl') &&
      kept.includes('etc/escaped.txt') &&
      kept.includes('a_b'),
  );
  assert.equal(json(run, 'run.json')['ending'], 'passed');
});

test('a folder without write permission is a Problem that names it', () => {
  // Not even root can create folders in sysfs.
  const result = openRun({ ...RUN, root: '/sys', phase: 'hxllm' });
  assert.ok(!result.ok);
  assert.equal(result.problems[0].code, 'permission.evidence');
  assert.match(result.problems[0].detail, /\/sys\/hxllm/);
});

test('a document that cannot be kept does not stop the run; closing returns a Problem', () => {
  const run = opened();
  run.recorder.file('taken', 'a file');
  run.recorder.file('taken/below', 'needs a folder where a file is');
  run.recorder.event({ kind: 'note', text: 'the run goes on' });
  const closed = run.close(CLOSING);
  assert.ok(!closed.ok);
  assert.equal(closed.problems[0].code, 'evidence.not-kept');
  assert.equal(lines(run).at(-1)?.['kind'], 'closed');
  assert.equal(json(run, 'run.json')['ending'], 'passed');
});

test('a file where the evidence folder should be is a Problem', () => {
  writeFileSync(join(here.root, 'evidence'), '');
  const result = openRun({ ...RUN, root: join(here.root, 'evidence'), phase: 'smoke' });
  assert.ok(!result.ok);
  assert.match(result.problems[0].detail, /Expected a folder at .*\/evidence, found a file/);
});
