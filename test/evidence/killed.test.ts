import assert from 'node:assert/strict';
import fs, { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDraft } from '../../src/evidence/claim-run.ts';
import { closedRun, findings, openPhase, root } from './evidence-tree.ts';
import { CLOSING } from './open-run.ts';

const CHANGING = [
  'mkdirSync',
  'openSync',
  'writeSync',
  'writeFileSync',
  'appendFileSync',
  'renameSync',
  'ftruncateSync',
];

/** A run has some forty writes. */
const MOST_WRITES = 100;

/**
 * Does the work as a process would that is killed before its call number `count` of a function that changes files: from there on none of them
 * does anything. Returns whether the work came so far.
 */
function killedBefore(count: number, work: () => void): boolean {
  let calls = 0;
  const builtin = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
  const kept = CHANGING.map((name) => [name, builtin[name]] as const);
  for (const [name, original] of kept)
    builtin[name] = (...args) => {
      calls += 1;
      if (calls >= count) throw new Error('killed');
      return original?.(...args);
    };
  syncBuiltinESMExports();
  try {
    work();
  } catch {
    // The process is gone.
  } finally {
    for (const [name, original] of kept) if (original !== undefined) builtin[name] = original;
    syncBuiltinESMExports();
  }
  return calls >= count;
}

function textOf(run: string, name: string): string {
  const path = join(root(), run, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** A run that was killed before its first event leaves nothing but a hidden folder, which an hour later goes. */
function removeDrafts(): void {
  for (const phase of readdirSync(root()).filter((name) => /^[a-z]+$/.test(name)))
    for (const name of readdirSync(join(root(), phase)).filter(isDraft))
      rmSync(join(root(), phase, name), { recursive: true });
}

test('a run that is killed before any of its writes says so, and the next run closes it', () => {
  closedRun('preflight');
  const said = new Set<string>();
  for (let count = 1; ; count += 1) {
    assert.ok(count < MOST_WRITES, 'a run that is left open makes every later one longer');
    let name = '';
    const isKilled = killedBefore(count, () => {
      const run = openPhase('smoke');
      name = run.name;
      run.recorder.event({ kind: 'note', text: 'one' });
      run.recorder.file('a/b.txt', 'b');
      run.close(CLOSING);
    });
    const before = findings();
    // It may be killed between the claim of its folder and the end of its opening.
    if (name === '') name = /^open (.+)/.exec(before[0] ?? '')?.[1] ?? '';
    const next = openPhase('enforce');
    const { closed } = next.settle(new Map());
    assert.ok(next.close({ ...CLOSING, closed }).ok);
    removeDrafts();
    assert.deepEqual(findings(), [], `write ${String(count)}`);
    if (!isKilled) break;
    const at = `write ${String(count)}, ${name}`;
    if (name === '') {
      assert.deepEqual(before, [], at);
      said.add('nothing');
      continue;
    }
    const isCutOff = textOf(name, 'run.json').includes('"cut-off"');
    const isAfterEnd = textOf(name, 'events.jsonl').includes('was killed as it closed this run');
    if (isCutOff || isAfterEnd) {
      assert.deepEqual([before, closed], [[`open ${name}`], [name]], at);
      said.add(isCutOff ? 'cut off' : 'without a manifest');
    } else {
      assert.deepEqual(before, [`added ${name}`], at);
      said.add('without a line in the log');
    }
  }
  assert.deepEqual([...said], ['nothing', 'cut off', 'without a manifest', 'without a line in the log']);
});

test('a run that closes one that was cut off, and is killed before any of its writes, leaves both to the next', () => {
  for (let count = 1; ; count += 1) {
    assert.ok(count < MOST_WRITES, 'a run that is left open makes every later one longer');
    const cut = openPhase('smoke');
    cut.recorder.event({ kind: 'note', text: 'one' });
    const isKilled = killedBefore(count, () => {
      const next = openPhase('enforce');
      const { closed } = next.settle(new Map());
      next.close({ ...CLOSING, closed });
    });
    const last = openPhase('enforce');
    const { closed } = last.settle(new Map());
    assert.ok(last.close({ ...CLOSING, closed }).ok);
    removeDrafts();
    assert.match(textOf(cut.name, 'run.json'), /"cut-off"/);
    if (!isKilled) break;
  }
  assert.deepEqual(findings(), []);
});
