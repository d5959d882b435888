import assert from 'node:assert/strict';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ciServerOf } from '../../../src/cli/ci/ci-server.ts';
import { withoutCommands } from '../../../src/cli/ci/harmless-output.ts';
import { maskingRedaction, reportToCi } from '../../../src/cli/ci/report-to-ci.ts';
import { annotationLines, maskLines, MOST_ANNOTATIONS } from '../../../src/cli/ci/workflow-commands.ts';
import type { PhaseOutcome } from '../../../src/cli/run/outcome.ts';
import type { Problem } from '../../../src/core/problem.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { CheckResult } from '../../../src/core/verdict.ts';
import { createRedaction } from '../../../src/evidence/redaction.ts';
import { fakeTerminal } from '../fake-terminal.ts';

const PLACE = { cwd: '/work/repo/hosts', root: '/work/repo' };

function outcome(over: Partial<PhaseOutcome>): PhaseOutcome {
  return {
    phase: 'preflight',
    ending: 'failed',
    exitCode: 1,
    hosts: ['one'],
    results: [],
    problems: [],
    warnings: [],
    changes: 0,
    steps: [],
    notes: [],
    startedAt: '2026-11-30T00:00:00.000Z',
    durationMs: 1,
    evidence: undefined,
    ...over,
  };
}

function check(id: string, over: Partial<CheckResult> = {}): CheckResult {
  return {
    id,
    title: 'a title',
    severity: 'error',
    host: 'one',
    outcome: 'fail',
    seen: 'nothing',
    wanted: 'a thing',
    fix: 'do it',
    ...over,
  };
}

const PROBLEM: Problem = {
  code: 'variables.wrong',
  summary: 'a value, 100% wrong: really',
  detail: 'Expected a port.\nFound :: x.',
  fix: 'edit it',
  where: { file: 'inventories/group_vars/all/main.yml', line: 7 },
};

test('a problem is annotated at its file and line from the checkout, escaped as GitHub reads it', () => {
  assert.deepEqual(annotationLines([outcome({ problems: [PROBLEM] })], PLACE), [
    '::error file=hosts/inventories/group_vars/all/main.yml,line=7,title=hxllm preflight%3A a value%2C 100%25 wrong%3A really::Expected a port.%0AFound :: x.%0Afix: edit it',
  ]);
  const outside = { ...PROBLEM, where: { file: '/etc/ansible/ansible.cfg', line: 1 } };
  assert.match(annotationLines([outcome({ problems: [outside] })], PLACE)[0] ?? '', /^::error title=/);
});

test('failures come before warnings, ten at most, and the last one counts the rest', () => {
  const warnings = [check('w.one', { severity: 'warning' }), check('w.two', { severity: 'warning' })];
  const failures = Array.from({ length: 12 }, (_, index) => check(`f.${String(index)}`));
  const skipped = check('s.one', { outcome: 'skip' });
  const lines = annotationLines([outcome({ results: [...warnings, ...failures, skipped] })], PLACE);
  assert.equal(lines.length, MOST_ANNOTATIONS);
  assert.ok(lines.every((line) => line.startsWith('::error ')));
  assert.equal(lines.at(-1), '::error title=hxllm::5 more: see the summary of the job');
  const few = annotationLines([outcome({ results: [...warnings, check('f.x')] })], PLACE);
  assert.deepEqual(
    few.map((line) => line.split(' ')[0]),
    ['::error', '::warning', '::warning'],
  );
  // Two phases of `up` that tell the same warning.
  const twice = outcome({ phase: 'preflight', warnings: [PROBLEM] });
  assert.equal(annotationLines([twice, twice], PLACE).length, 1);
  assert.deepEqual(
    annotationLines([outcome({ ending: 'passed', results: [check('p.x', { outcome: 'pass' })] })], PLACE),
    [],
  );
});

test('no text of a host starts a workflow command of its own', () => {
  const nasty = check('f.x', { seen: 'a\n::add-mask::b\r\n::stop-commands::c', host: 'x\n::error::y' });
  const lines = annotationLines([outcome({ results: [nasty] })], PLACE);
  assert.equal(lines.length, 1);
  assert.ok(lines.every((line) => !/[\r\n]/.test(line)));
});

test('the shown text holds no command of the runner, behind blanks or within a line', () => {
  const texts = ['x ##[error]y', '::add-mask::b', 'a\n  \t::error::c\n', ':::d', 'http://[::1]:4000 a::b', '\n\n::e'];
  assert.deepEqual(texts.map(withoutCommands), [
    'x ## [error]y',
    ': :add-mask::b',
    'a\n  \t: :error::c\n',
    ': ::d',
    'http://[::1]:4000 a::b',
    '\n\n: :e',
  ]);
});

test('each line of a secret is masked before anything else, once, and never in a file', () => {
  assert.deepEqual(maskLines('a%b\n\nc d\r\n'), ['::add-mask::a%25b', '::add-mask::c d']);
  const terminal = fakeTerminal();
  const redaction = maskingRedaction(createRedaction(), terminal, () => false);
  const key = `sk-${'a1'.repeat(20)}`;
  assert.ok(redaction.add(new Secret(key)));
  assert.ok(redaction.add(new Secret(key)));
  assert.deepEqual(terminal.written, { out: '', err: `::add-mask::${key}\n` });
  assert.equal(redaction.text(`x ${key}`), 'x sk-[redacted]'.replace('sk-[redacted]', '[redacted]'));
  // A word that is too common to be masked is not told either.
  assert.equal(redaction.add(new Secret('dev')), false);
  const toFile = fakeTerminal();
  assert.ok(maskingRedaction(createRedaction(), toFile, () => true).add(new Secret(key)));
  assert.equal(toFile.written.err, '');
});

test('the reports of the runs become the summary of the step, and a summary that cannot be written changes nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-ci-'));
  try {
    mkdirSync(join(folder, 'run'));
    writeFileSync(join(folder, 'run/report.md'), '# hxllm preflight: failed\n');
    const summary = join(folder, 'summary');
    writeFileSync(summary, 'before\n');
    const outcomes = [outcome({ evidence: join(folder, 'run') }), outcome({ phase: 'smoke', problems: [PROBLEM] })];
    const say = (path: string): string => {
      const terminal = fakeTerminal({ environment: { GITHUB_STEP_SUMMARY: path, GITHUB_WORKSPACE: '/work' } });
      reportToCi('github', terminal, createRedaction(), outcomes);
      return terminal.written.err;
    };
    assert.match(say(summary), /^::error file=inventories/);
    assert.match(
      readFileSync(summary, 'utf8'),
      /^before\n# hxllm preflight: failed\n\n# hxllm smoke: failed\n\n- a value/,
    );
    assert.match(say(join(folder, 'gone/summary')), /the summary of the step was not written: ENOENT/);
    // GitHub would drop a summary of more than 1 MiB whole.
    writeFileSync(summary, 'x'.repeat(1024 * 1024 - 10));
    say(summary);
    assert.equal(readFileSync(summary).length, 1024 * 1024 - 10);
    const silent = fakeTerminal({ environment: { GITHUB_STEP_SUMMARY: summary } });
    reportToCi('gitlab', silent, createRedaction(), outcomes);
    assert.equal(silent.written.err, '');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('GitHub and GitLab are detected by their environment, and any other server is named by --ci', () => {
  assert.equal(ciServerOf({ GITHUB_ACTIONS: 'true' }), 'github');
  assert.equal(ciServerOf({ GITLAB_CI: 'true' }, true), 'gitlab');
  assert.equal(ciServerOf({ CI: 'true' }), undefined);
  assert.equal(ciServerOf({}, true), 'other');
});
