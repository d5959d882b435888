import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { withCompileCache } from './compile-cache.ts';
import type { FileRun } from './file-run.ts';
import { addTallies, EMPTY, summaryLines, type Tally } from './tally.ts';
import { createTimes } from './times.ts';

const folder = mkdtempSync(join(tmpdir(), 'hxllm-suite-'));
after(() => rmSync(folder, { recursive: true }));

/**
 * Runs a script beside a test file, in a process of its own: node's runner refuses to run inside a test. Returns the output before
 * and after the line.
 */
async function runScript(file: string, script: string): Promise<readonly [string, string]> {
  writeFileSync(join(folder, 'planted.test.mjs'), file);
  writeFileSync(join(folder, 'script.mjs'), script);
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const child = spawn(process.execPath, [join(folder, 'script.mjs')], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 60_000,
  });
  let output = '';
  for await (const chunk of child.stdout) output += String(chunk);
  const [shown = '', told = ''] = output.split('\n---');
  return [shown, told];
}

/** Runs one test file through the suite. */
async function runOne(file: string): Promise<{ readonly output: string; readonly tally: Tally }> {
  const [output, told] = await runScript(
    file,
    `import { runFiles } from ${JSON.stringify(join(import.meta.dirname, 'suite.ts'))};
    const tally = await runFiles(['planted.test.mjs'], { concurrency: 2, limitMs: 60_000 }, ${JSON.stringify(folder)});
    process.stdout.write('\\n---' + JSON.stringify(tally));`,
  );
  // Written by the script above.
  return { output, tally: JSON.parse(told) as Tally };
}

/**
 * Runs one test file whose time limit ends when it has created the file `begun`, its first test has been reported, and the line that it
 * prints has arrived: each may be later than the others. The content of `begun` comes back too.
 */
async function runOverdue(file: string, line = ''): Promise<FileRun & { readonly begun: string }> {
  rmSync(join(folder, 'begun'), { force: true });
  const [, told] = await runScript(
    file,
    `import { existsSync } from 'node:fs';
    import { runFile } from ${JSON.stringify(join(import.meta.dirname, 'file-run.ts'))};
    const limit = new AbortController();
    let [reported, printed] = [false, ''];
    const watch = setInterval(() => { if (reported && printed.includes(${JSON.stringify(line)}) && existsSync('begun')) limit.abort(); }, 20);
    const ran = await runFile(${JSON.stringify(join(folder, 'planted.test.mjs'))}, { root: ${JSON.stringify(folder)}, limit: limit.signal, mark: () => { reported = true; }, onPrinted: (text) => { printed += text; } });
    clearInterval(watch);
    process.stdout.write('\\n---' + JSON.stringify(ran));`,
  );
  // Written by the script above.
  return { ...(JSON.parse(told) as FileRun), begun: readFileSync(join(folder, 'begun'), 'utf8') };
}

/** Whether a process runs; a dead one that was not waited for does not. */
function runs(pid: string): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('passed, failed and skipped tests are counted apart, and a failure is shown with its place and reason', async () => {
  const { output, tally } = await runOne(`
    import assert from 'node:assert/strict';
    import { suite, test } from 'node:test';
    test('fine', () => {});
    test('left out', { skip: 'no lab' }, () => {});
    suite('group', () => { test('wrong', () => { console.log('a trace'); assert.equal(1, 2); }); });
  `);
  assert.deepEqual(
    { ...tally, durationMs: 0 },
    { tests: 3, suites: 1, passed: 1, failed: 1, cancelled: 0, skipped: 1, todo: 0, durationMs: 0, success: false },
  );
  assert.match(output, /^\.sX$/m);
  assert.match(output, /✖ wrong\n {2}planted\.test\.mjs:6\n[\s\S]*1 !== 2/);
  assert.match(output, /printed by the file:\n {4}a trace/);
});

test('a file that does not load is a failure', async () => {
  const { tally } = await runOne("import './nowhere.mjs';\n");
  assert.equal(tally.success, false);
  assert.equal(tally.failed, 1);
});

test('a file that hangs is stopped with all its processes, and the report lists its finished tests', async () => {
  const { tally, failures, begun } = await runOverdue(
    `
    import { spawn, spawnSync } from 'node:child_process';
    import { readFileSync, renameSync, writeFileSync } from 'node:fs';
    import { test } from 'node:test';
    test('the first', () => {});
    test('one that never ends', async () => {
      console.log('a trace');
      process.on('SIGTERM', () => {});
      // One that keeps the output open, without our environment and group; and one whose parent has left.
      const deaf = spawn('sh', ['-c', 'trap "" TERM HUP; while :; do sleep 600; done'], { detached: true, env: {}, stdio: 'inherit' });
      spawnSync('bash', ['-c', '(trap "" TERM HUP; echo $BASHPID >orphan; exec sleep 600) </dev/null >/dev/null 2>&1 & until [ -s orphan ]; do :; done']);
      writeFileSync('begun.new', [process.pid, deaf.pid, readFileSync('orphan', 'utf8').trim()].join(' '));
      renameSync('begun.new', 'begun');
      await new Promise(() => setInterval(() => {}, 1000));
    });
    test('the last', () => {});
  `,
    'a trace\n',
  );
  assert.deepEqual([tally.success, tally.tests, tally.passed, tally.failed], [false, 2, 1, 1]);
  assert.equal(failures.length, 1);
  assert.match(
    failures[0] ?? '',
    /^✖ planted\.test\.mjs was stopped after \d+ s\n {2}ended: the first \(line 5\)\n {2}running: one that never ends \(line 6\)\n {2}not begun: the last \(line 16\)\n {2}printed by the file:\n {4}a trace$/,
  );
  const pids = begun.split(' ');
  assert.equal(pids.length, 3);
  assert.deepEqual(pids.filter(runs), []);
});

test('a file whose tests have ended but whose process does not end is a failure too', async () => {
  const { tally, failures } = await runOverdue(`
    import { writeFileSync } from 'node:fs';
    import { createServer } from 'node:net';
    import { after, test } from 'node:test';
    test('wrong', () => { createServer().listen(0, '127.0.0.1'); throw new Error('odd'); });
    // Later than the end of the tests, which the runner is told of at once.
    after(() => { setTimeout(() => { writeFileSync('begun', 'x'); }, 200); });
  `);
  assert.deepEqual([tally.success, tally.tests, tally.failed], [false, 2, 2]);
  assert.match(failures[0] ?? '', /^✖ wrong\n[\s\S]*odd/);
  assert.match(
    failures[1] ?? '',
    /was stopped after \d+ s\n {2}all its tests had ended \(1\), but something that it opened kept it from ending$/,
  );
});

test('the closing lines are those of node’s own reporter', () => {
  const one: Tally = { ...EMPTY, tests: 3, passed: 2, skipped: 1, durationMs: 10.4 };
  const lines = summaryLines(addTallies(one, { ...one, failed: 1, tests: 4, success: false }));
  assert.deepEqual(lines, [
    'ℹ tests 7',
    'ℹ suites 0',
    'ℹ pass 4',
    'ℹ fail 1',
    'ℹ cancelled 0',
    'ℹ skipped 2',
    'ℹ todo 0',
    'ℹ duration_ms 21',
  ]);
});

test('a bare run has no home, a terminal that can do nothing, and a path with a space', async () => {
  for (const packages of ['node_modules', 'test/conformance/node_modules'])
    mkdirSync(join(folder, packages), { recursive: true });
  const [, told] = await runScript(
    `import { writeFileSync } from 'node:fs';
    const { HOME, TERM, PATH } = process.env;
    writeFileSync(${JSON.stringify(join(folder, 'seen.json'))}, JSON.stringify([HOME ?? 'none', TERM, PATH !== undefined, import.meta.filename]));`,
    `import { readFileSync } from 'node:fs';
    import { runBare } from ${JSON.stringify(join(import.meta.dirname, 'bare.ts'))};
    await runBare(['planted.test.mjs'], { concurrency: 1, limitMs: 60_000 }, ${JSON.stringify(folder)});
    process.stdout.write('\\n---' + readFileSync('seen.json', 'utf8'));`,
  );
  const [home, terminal, path, file] = JSON.parse(told) as readonly unknown[];
  assert.deepEqual([home, terminal, path], ['none', 'dumb', true]);
  assert.match(String(file), / .*planted\.test\.mjs$/);
});

test('the slowest files are named with their seconds, and a small run names none', () => {
  const times = createTimes();
  for (let each = 1; each <= 12; each += 1) times.add(`test/${String(each)}.test.ts`, each * 1000);
  assert.deepEqual(times.lines(), []);
  times.add('test/slow.test.ts (bare)', 98_765);
  const lines = times.lines();
  assert.equal(lines.length, 13);
  assert.deepEqual(lines.slice(0, 3), [
    'the slowest of 13 files, in seconds:',
    '    98.8  test/slow.test.ts (bare)',
    '    12.0  test/12.test.ts',
  ]);
});

test('processes of a run share compiled code, which goes with the run', async () => {
  const earlier = process.env['NODE_COMPILE_CACHE'];
  writeFileSync(join(folder, 'typed.ts'), 'const one: number = 1;\nexport default one;\n');
  const cache = await withCompileCache(() => {
    execFileSync(process.execPath, [join(folder, 'typed.ts')]);
    const place = process.env['NODE_COMPILE_CACHE'] ?? '';
    assert.ok(readdirSync(place, { recursive: true }).length > 1);
    return Promise.resolve(place);
  });
  assert.deepEqual([existsSync(cache), process.env['NODE_COMPILE_CACHE']], [false, earlier]);
});
