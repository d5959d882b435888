import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Tally } from './tally.ts';

const FINE = `import { test } from 'node:test'; test('fine', () => {});`;
const WRONG = `import { test } from 'node:test'; test('wrong', () => { throw new Error('odd'); });`;
/** Fails when it runs for the first time. */
const ONCE = `import { existsSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
test('late', () => { if (!existsSync('ran')) { writeFileSync('ran', ''); throw new Error('too late'); } });`;

/** Runs files through the suite in a process of its own, since node's runner refuses to run inside a test. */
function runAll(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  again: number,
): { readonly output: string; readonly tally: Tally; readonly unsteady: readonly string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-again-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const names = JSON.stringify(Object.keys(files));
  writeFileSync(
    join(folder, 'script.mjs'),
    `import { runFiles } from ${JSON.stringify(join(import.meta.dirname, 'suite.ts'))};
    const unsteady = [];
    const pace = { concurrency: 2, limitMs: 60_000, again: ${String(again)}, onUnsteady: (file) => unsteady.push(file) };
    const tally = await runFiles(${names}, pace, ${JSON.stringify(folder)});
    process.stdout.write('\\n---' + JSON.stringify({ tally, unsteady }));`,
  );
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const ran = spawnSync(process.execPath, [join(folder, 'script.mjs')], {
    cwd: folder,
    env: environment,
    encoding: 'utf8',
    timeout: 60_000,
  });
  const [output = '', told = ''] = ran.stdout.split('\n---');
  // Written by the script above.
  return { output, ...(JSON.parse(told) as { readonly tally: Tally; readonly unsteady: readonly string[] }) };
}

test('a file that fails once passes when it runs again, and its failure is shown', (t) => {
  const { output, tally, unsteady } = runAll(t, { 'a.test.mjs': FINE, 'b.test.mjs': ONCE }, 1);
  assert.deepEqual([tally.success, tally.tests, tally.passed, tally.failed], [true, 2, 2, 0]);
  assert.deepEqual(unsteady, ['b.test.mjs']);
  assert.match(output, /^b\.test\.mjs failed, and passed when it ran again[^]*✖ late[^]*too late/m);
});

test('a file that fails twice is a failure, counted once', (t) => {
  const { output, tally, unsteady } = runAll(t, { 'a.test.mjs': FINE, 'b.test.mjs': WRONG }, 1);
  assert.deepEqual([tally.success, tally.tests, tally.passed, tally.failed], [false, 2, 1, 1]);
  assert.deepEqual([unsteady, output.match(/✖ wrong/g)?.length], [[], 1]);
});

test('nothing runs again where more files fail than may, or none may', (t) => {
  for (const [files, again] of [
    [{ 'a.test.mjs': WRONG, 'b.test.mjs': ONCE }, 1],
    [{ 'b.test.mjs': ONCE }, 0],
  ] as const) {
    const { tally, unsteady } = runAll(t, files, again);
    assert.deepEqual([tally.success, tally.failed, unsteady], [false, Object.keys(files).length, []]);
  }
});
