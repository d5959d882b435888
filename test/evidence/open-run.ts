import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'node:test';
import { Secret } from '../../src/core/secret.ts';
import { createRedaction } from '../../src/evidence/redaction.ts';
import { openRun, type Run } from '../../src/evidence/run-folder.ts';
import type { RunClosing } from '../../src/evidence/run-record.ts';
import { assertValidEvidence } from '../valid-evidence.ts';

const START_MS = Date.UTC(2026, 10, 23, 23, 15, 0);

export const CLOSING: RunClosing = {
  ending: 'passed',
  exitCode: 0,
  hosts: ['h1'],
  inputs: [],
  changes: 0,
  results: [],
  problems: [],
  warnings: [],
};

/** The reports of a closed run. */
export const REPORTS = ['junit.xml', 'report.html', 'report.md'];

/** Folder and clock, new for each test. */
export const here = { root: '', clockMs: START_MS };
beforeEach(() => {
  here.root = mkdtempSync(join(tmpdir(), 'hxllm-evidence-'));
  here.clockMs = START_MS;
});
afterEach(() => {
  assertValidEvidence(here.root);
  rmSync(here.root, { recursive: true, force: true });
});

/** Opens a run below `here.root`. */
export function opened(secret?: string): Run {
  const redaction = createRedaction();
  if (secret !== undefined) redaction.add(new Secret(secret));
  const result = openRun({
    root: join(here.root, 'evidence'),
    phase: 'preflight',
    version: '0.1.0',
    command: ['hxllm', 'preflight'],
    cwd: '/w',
    by: 'ada@desk',
    pid: 7,
    redaction,
    nowMs: () => here.clockMs,
  });
  assert.ok(result.ok);
  return result.value;
}

/** Reads one JSON document of a run. */
export function json(run: Run, path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(run.folder, path), 'utf8')) as Record<string, unknown>;
}

/** Reads a run's events. */
export function lines(run: Run): readonly Record<string, unknown>[] {
  return readFileSync(join(run.folder, 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
