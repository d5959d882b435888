import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../src/core/hash.ts';
import { createRedaction } from '../../src/evidence/redaction.ts';
import { openRun, type Run } from '../../src/evidence/run-folder.ts';
import { verifyEvidence } from '../../src/evidence/verify/verify.ts';
import { CLOSING, here } from './open-run.ts';

/** The evidence folder of the test. */
export function root(): string {
  return join(here.root, 'evidence');
}

/** Opens a run of a phase, a second after the one before. */
export function openPhase(phase: string, pid = process.pid): Run {
  here.clockMs += 1000;
  const opened = openRun({
    root: root(),
    phase,
    version: '0',
    command: [],
    cwd: '/',
    by: 'a@b',
    pid,
    redaction: createRedaction(),
    nowMs: () => here.clockMs,
  });
  assert.ok(opened.ok);
  return opened.value;
}

/** Runs a phase that leaves one document, and returns the place of the run. */
export function closedRun(phase: string): string {
  const run = openPhase(phase);
  run.recorder.file('a.txt', phase);
  assert.ok(run.close(CLOSING).ok);
  return run.name;
}

/** A closed run as hxllm wrote it before there was one chain: its manifest names the one before of its own phase. */
export function oldRun(phase: string): string {
  here.clockMs += 1000;
  const at = new Date(here.clockMs).toISOString();
  const run = at.replaceAll(/[-:]|\.\d+/g, '');
  const folder = join(root(), phase, run);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const opening = { phase, version: '0', command: [], cwd: '/', by: 'a@b', pid: 1 };
  const { ending, exitCode } = CLOSING;
  const record = { schemaVersion: 1, run, startedAt: at, endedAt: at, durationMs: 0, ...opening, ...CLOSING };
  const files: Readonly<Record<string, string>> = {
    'events.jsonl': `${JSON.stringify({ at, kind: 'opened', schemaVersion: 1, run, ...opening })}\n${JSON.stringify({ at, kind: 'closed', ending, exitCode })}\n`,
    'run.json': `${JSON.stringify(record, undefined, 2)}\n`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
  const last = readdirSync(join(root(), phase)).toSorted().at(-2);
  const manifest = {
    schemaVersion: 1,
    phase,
    run,
    closedAt: at,
    files: Object.fromEntries(Object.entries(files).map(([name, text]) => [name, sha256(text)])),
    previous:
      last === undefined
        ? null
        : { run: last, sha256: sha256(readFileSync(join(root(), phase, last, 'manifest.json'))) },
  };
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o600 });
  return `${phase}/${run}`;
}

/** The findings of a verification, as `kind path`. */
export function findings(): readonly string[] {
  return verifyEvidence(root(), () => false).findings.map(({ kind, path }) => `${kind} ${path}`);
}

/** Every file below the evidence folder, by its path there. */
export function filesBelow(folder = root()): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .toSorted();
}
