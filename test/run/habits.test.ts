import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bareEnvironment } from './bare.ts';
import { coverageTable } from './coverage.ts';
import { CHECKS, summaryOf } from './static.ts';
import { sortLabFiles } from './lab-lanes.ts';
import { findTestFiles, isLab, isPatient, isStatic, runsBare, shareOf } from './test-files.ts';
import { testsOf } from './watch.ts';

test('a changed source has the test at its path, or else the tests of its folder; a changed test has itself', () => {
  const all = ['test/a/one.test.ts', 'test/a/two.test.ts', 'test/b/three.test.ts'];
  assert.deepEqual(testsOf(['src/a/one.ts'], all), ['test/a/one.test.ts']);
  assert.deepEqual(testsOf(['src/a/types.ts', 'src/a/one.ts'], all), ['test/a/one.test.ts', 'test/a/two.test.ts']);
  assert.deepEqual(testsOf(['test/b/three.test.ts', 'README.md', 'src/c/four.ts'], all), ['test/b/three.test.ts']);
});

test('coverage is summed by room, and rooms without a loaded file are left out', () => {
  const file = (coveredLineCount: number) => ({
    path: '',
    totalLineCount: 10,
    totalBranchCount: 0,
    totalFunctionCount: 2,
    coveredLineCount,
    coveredBranchCount: 0,
    coveredFunctionCount: 1,
    coveredLinePercent: 0,
    coveredBranchPercent: 0,
    coveredFunctionPercent: 0,
    functions: [],
    branches: [],
    lines: [],
  });
  const lines = coverageTable(
    ['core/a.ts', 'core/types.ts', 'gateway/route/queue.ts', 'sim/main.ts'],
    new Map([
      ['core/a.ts', file(10)],
      ['gateway/route/queue.ts', file(5)],
    ]),
  );
  assert.deepEqual(
    lines.map((line) => line.split(/ {2,}/)),
    [
      ['room', 'files', 'lines', 'branches', 'functions'],
      ['core', '1/2', '100.0 %', '-', '50.0 %'],
      ['gateway/route', '1/1', '50.0 %', '-', '50.0 %'],
      ['all', '2/3', '75.0 %', '-', '50.0 %'],
    ],
  );
});

test('coverage of a word that no test file has in its path is wrong usage', () => {
  const program = join(import.meta.dirname, 'coverage.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'no-such-word'], { encoding: 'utf8' });
  assert.deepEqual([status, stdout], [64, '']);
  assert.match(stderr, /found none: no-such-word/);
});

test('the last line of npm run check names the checks that were left out', () => {
  assert.equal(summaryOf({ passed: true, leftOut: [] }), 'all fine');
  assert.equal(summaryOf({ passed: true, leftOut: ['types', 'lint'] }), 'fine; left out: types, lint');
  assert.equal(summaryOf({ passed: false, leftOut: ['lint'] }), 'failed; left out: lint');
});

test('a bare environment keeps the path and the borrowed server, and nothing else of the terminal', () => {
  const bare = bareEnvironment({ PATH: '/bin', HOME: '/root', CI: 'true', TERM: 'xterm', HXLLM_SSHD_BIN: '/sshd' });
  const wanted = {
    PATH: '/bin',
    HXLLM_SSHD_BIN: '/sshd',
    TERM: 'dumb',
    LANG: 'C',
    COLUMNS: '40',
    NO_COLOR: '1',
    SHLVL: '1',
  };
  assert.deepEqual(bare, wanted);
});

test('the bare run has the files that start programs or read the terminal, and every file it leaves out exists', () => {
  const all = findTestFiles(join(import.meta.dirname, '../..'), []);
  for (const file of ['cli/program', 'config/load', 'gateway/main', 'gateway/process/flags', 'phases/enforce/run'])
    assert.ok(all.includes(`test/${file}.test.ts`) && runsBare(`test/${file}.test.ts`), file);
  const leftOut = all.filter((file) => !runsBare(file) && file.startsWith('test/phases/'));
  assert.deepEqual(
    leftOut.map((file) => file.replace('test/phases/enforce/', '')),
    ['downgrade.test.ts', 'moved.test.ts', 'pid-file.test.ts', 'verify.test.ts'],
  );
});

test('a CI job runs each file once or says that it is left out; a whole run has all of them', () => {
  const all = findTestFiles(join(import.meta.dirname, '../..'), []);
  const job = shareOf(all, 'job');
  assert.deepEqual([...job.files, ...job.bare, ...job.leftOut].toSorted(), all);
  assert.ok(job.leftOut.every(isLab) && job.files.filter(isLab).length === 10);
  assert.deepEqual(shareOf(all, 'whole'), { files: all, bare: job.bare, leftOut: [] });
  assert.deepEqual(shareOf(all, 'no lab'), { files: all, bare: [], leftOut: [] });
});

test('the rules of the source run with the static checks, and the file that waits beside the labs exists', () => {
  const all = findTestFiles(join(import.meta.dirname, '../..'), []);
  const statically = all.filter(isStatic);
  assert.ok(statically.includes('test/architecture/architecture.test.ts'));
  const titled = CHECKS.find(({ title }) => title === 'architecture')?.argv.at(-1) ?? '';
  assert.deepEqual(statically, globSync(titled, { cwd: join(import.meta.dirname, '../..') }).toSorted());
  assert.equal(all.filter(isPatient).length, 1);
});

test('files of the lab run in a lane of their own unless they boot labs themselves or need none', () => {
  const root = join(import.meta.dirname, '../..');
  const { bootsOwn, borrows, other } = sortLabFiles(findTestFiles(root, []).filter(isLab), root);
  assert.deepEqual(
    [bootsOwn, other],
    [['test/lab/uninstall.test.ts'], ['test/lab/delay-relay.test.ts', 'test/lab/offline.test.ts']],
  );
  assert.ok(borrows.includes('test/lab/by-hand.test.ts'));
});
