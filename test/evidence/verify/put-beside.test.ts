import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { closedRun, findings, root } from '../evidence-tree.ts';

test('a folder or a log that was put beside the runs of a phase hides none of them', () => {
  closedRun('preflight');
  const notes = join(root(), 'preflight/notes');
  mkdirSync(notes);
  assert.deepEqual(findings(), ['added preflight/notes']);
  rmSync(notes, { recursive: true });
  writeFileSync(join(root(), 'preflight/chain.jsonl'), '');
  assert.deepEqual(findings(), ['added preflight/chain.jsonl']);
});

test('a folder in the place of the log is a changed log', () => {
  const run = closedRun('preflight');
  rmSync(join(root(), 'chain.jsonl'));
  mkdirSync(join(root(), 'chain.jsonl'));
  assert.deepEqual(findings(), ['changed chain.jsonl:1', `added ${run}`]);
});
