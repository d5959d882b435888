import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Problem } from '../../../src/core/problem.ts';
import type { CheckResult } from '../../../src/core/verdict.ts';
import { workingMsOf } from '../../working-time.ts';
import { openPhase } from '../evidence-tree.ts';
import { CLOSING, opened } from '../open-run.ts';

const HOSTILE = `<script>alert(1)</script> "'& | \`x\` ![a](http://192.0.2.1/x.png) \u0007\u001B[31m ]]> \uFFFE`;

const check = (
  id: string,
  outcome: CheckResult['outcome'],
  severity: CheckResult['severity'] = 'error',
): CheckResult => ({
  host: 'h1',
  id,
  title: `the state of ${id}`,
  outcome,
  severity,
  seen: HOSTILE,
  ...(outcome === 'fail' ? { wanted: 'another', fix: 'sudo true' } : {}),
});

const unreachable: Problem = {
  code: 'host.unreachable',
  summary: 'no route to h2',
  detail: 'Expected h2.',
  fix: 'ping h2',
  where: { host: 'h2' },
};

const RESULTS = [
  check('dns.a', 'pass'),
  check('dns.b', 'fail'),
  check('time.a', 'unknown'),
  check('time.b', 'fail', 'warning'),
  check('disk.a', 'skip'),
  check('disk.b', 'not-applicable'),
];

/** A failed run with everything that a report has. */
function failedRun(): (name: string) => string {
  const run = openPhase('enforce');
  run.recorder.event({
    kind: 'step',
    host: 'h1',
    id: 'user',
    title: 'create the user',
    state: 'done',
    durationMs: 1500,
  });
  run.recorder.event({
    kind: 'step',
    host: 'h1',
    id: 'health',
    title: 'wait for health',
    state: 'failed',
    detail: HOSTILE,
  });
  run.recorder.file('changes/main.yml.diff', `--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new ${HOSTILE}\n`);
  const hosts = ['h1', 'h2', 'h3'];
  run.close({ ...CLOSING, ending: 'failed', exitCode: 69, hosts, results: RESULTS, problems: [unreachable] });
  return (name) => readFileSync(join(run.folder, name), 'utf8');
}

/** Fails unless every tag is closed in its order. */
function assertWellFormed(xml: string): void {
  const open: string[] = [];
  for (const [, end, name = '', single] of xml.matchAll(/<(\/?)([a-z][a-z0-9-]*)(?:\s+[a-z-]+="[^"<]*")*(\/?)>/g)) {
    if (end === '/') assert.equal(open.pop(), name);
    else if (single !== '/') open.push(name);
  }
  assert.deepEqual(open, []);
  const texts = xml.replaceAll(/<\?xml[^>]*\?>|<\/?[a-z][a-z0-9-]*(?:\s+[a-z-]+="[^"<]*")*\/?>/g, '');
  assert.doesNotMatch(texts, /[<]|&(?!(?:amp|lt|gt|quot|#39|#10);)/);
}

test('junit.xml has a suite for each host; a host that was not reached is an error, as is one without any result', () => {
  const xml = failedRun()('junit.xml');
  assertWellFormed(xml);
  const suites = [
    ...xml.matchAll(/<testsuite name="([^"]+)" tests="(\d+)" failures="(\d+)" errors="(\d+)" skipped="(\d+)"/g),
  ];
  assert.deepEqual(
    suites.map((match) => match.slice(1)),
    [
      ['h1', '8', '2', '1', '2'],
      ['h2', '1', '0', '1', '0'],
      ['h3', '1', '0', '1', '0'],
    ],
  );
  assert.match(
    xml,
    /<testcase classname="enforce\.problem" name="host\.unreachable" time="0\.000"><error message="no route to h2">Expected h2\.\nfix: ping h2<\/error>/,
  );
  assert.match(
    xml,
    /<testcase classname="enforce\.host" name="the host answers" time="0\.000"><error message="the run ended as failed/,
  );
  assert.match(xml, /name="time\.b: [^"]*" time="0\.000"><system-out>warning: expected: another/);
});

test('junit.xml of a run that ended badly before any check has an error', () => {
  const run = opened();
  run.close({ ...CLOSING, ending: 'aborted', exitCode: 130, hosts: [] });
  assert.match(readFileSync(join(run.folder, 'junit.xml'), 'utf8'), /errors="1"[\s\S]*<error message="aborted">/);
});

test('report.md has failures before all else, and no text of a server becomes markup', () => {
  const text = failedRun()('report.md');
  assert.match(text, /^# hxllm enforce: failed\n\n`h1`, `h2`, `h3` · exit code 69/);
  assert.ok(text.indexOf('## Problems') < text.indexOf('## Failed checks'));
  assert.match(text, /\| h1 \| the state of dns\.b \(dns\.b\) \| another \|/);
  assert.doesNotMatch(text, /(?<!\\)<script|(?<!\\)!\[|\p{Cc}(?<!\n)/u);
  for (const line of text.split('\n').filter((each) => each.startsWith('| h1 | the state')))
    assert.equal(line.match(/(?<!\\)\|/g)?.length, 6, line);
});

test('report.md of smoke is the phase’s own, and junit.xml and report.html of a phase are no documents that it may replace', () => {
  const run = opened();
  run.recorder.file('report.md', '# mine\n');
  run.close(CLOSING);
  assert.equal(readFileSync(join(run.folder, 'report.md'), 'utf8'), '# mine\n');
  assert.ok(existsSync(join(run.folder, 'report.html')));
});

test('report.html needs nothing from outside, runs nothing, and has every part with its table', () => {
  const html = failedRun()('report.html');
  assert.match(
    html,
    /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">/,
  );
  assert.doesNotMatch(html, /<(?:script|img|link|iframe|object|form)\b|\bon\w+="|(?:src|href)="(?!#)|url\(|@import/);
  const ids = [...html.matchAll(/<h2 id="([a-z]+)"/g)].map(([, id]) => id);
  assert.deepEqual(ids, ['problems', 'failures', 'checks', 'steps', 'diffs', 'timeline']);
  for (const id of ids) assert.ok(html.includes(`<a href="#${id ?? ''}">`), id);
  assert.match(html, /prefers-color-scheme: dark/);
  assert.match(html, /@media print/);
  assert.match(html, /<b class="bad">no result<\/b>/);
  assert.match(
    html,
    /\n<span class="note">@@ -1 \+1 @@<\/span>\n<span class="bad">-old<\/span>\n<span class="good">\+new/,
  );
  assertWellFormed(html.replace(/^<!doctype html>/, '').replaceAll(/<meta [^>]*>|<style>[\s\S]*<\/style>|<br>/g, ''));
});

test('closing a run with 500 checks does not cost more work than its reports need', async () => {
  const run = openPhase('preflight');
  const results = Array.from({ length: 500 }, (_, number) => check(`dns.n${String(number)}`, 'pass'));
  for (const result of results) run.recorder.event({ kind: 'check', result });
  const ms = await workingMsOf(() => {
    run.close({ ...CLOSING, results });
  });
  assert.ok(ms < 200, `${String(ms)} ms: far more than the 50 ms that a run may lose, measured at rest`);
});
