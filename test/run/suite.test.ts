import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { addTallies, EMPTY, summaryLines, type Tally } from './suite.ts';

const folder = mkdtempSync(join(tmpdir(), 'hxllm-suite-'));
after(() => rmSync(folder, { recursive: true }));

/** Runs one test file through the suite, in a process of its own: node's runner refuses to run inside a test. */
async function runOne(source: string): Promise<{ readonly output: string; readonly tally: Tally }> {
  writeFileSync(join(folder, 'planted.test.mjs'), source);
  writeFileSync(join(folder, 'script.mjs'), `import { runFiles } from ${JSON.stringify(join(import.meta.dirname, 'suite.ts'))};
    const tally = await runFiles(['planted.test.mjs'], 1, ${JSON.stringify(folder)});
    process.stdout.write('\\n---' + JSON.stringify(tally));`);
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const child = spawn(process.execPath, [join(folder, 'script.mjs')], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of child.stdout) output += String(chunk);
  const [shown = '', json = ''] = output.split('\n---');
  // Written by the script above.
  return { output: shown, tally: JSON.parse(json) as Tally };
}

test('passed, failed and skipped tests are counted apart, and a failure is shown with its place and reason', async () => {
  const { output, tally } = await runOne(`
    import assert from 'node:assert/strict';
    import { suite, test } from 'node:test';
    test('fine', () => {});
    test('left out', { skip: 'no lab' }, () => {});
    suite('group', () => { test('wrong', () => { console.log('a trace'); assert.equal(1, 2); }); });
  `);
  assert.deepEqual({ ...tally, durationMs: 0 }, { tests: 3, suites: 1, passed: 1, failed: 1, cancelled: 0, skipped: 1, todo: 0, durationMs: 0, success: false });
  assert.match(output, /^\.sX$/m);
  assert.match(output, /✖ wrong\n {2}planted\.test\.mjs:6\n[\s\S]*1 !== 2/);
  assert.match(output, /printed by the file:\n {4}a trace/);
});

test('a file that does not even load is a failure', async () => {
  const { tally } = await runOne("import './nowhere.mjs';\n");
  assert.equal(tally.success, false);
  assert.equal(tally.failed, 1);
});

test('the closing lines are those of node’s own reporter', () => {
  const one: Tally = { ...EMPTY, tests: 3, passed: 2, skipped: 1, durationMs: 10.4 };
  const lines = summaryLines(addTallies(one, { ...one, failed: 1, tests: 4, success: false }));
  assert.deepEqual(lines, ['ℹ tests 7', 'ℹ suites 0', 'ℹ pass 4', 'ℹ fail 1', 'ℹ cancelled 0', 'ℹ skipped 2', 'ℹ todo 0', 'ℹ duration_ms 21']);
});
