import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostRecordQuestion, lastRunQuestion, recordFile } from '../../src/facts/host-record.ts';
import type { Question } from '../../src/facts/question.ts';

const [ONE, TWO] = ['1', '2'].map((digit) => digit.repeat(32));

function ask<T>(question: Question<T>): T {
  const argv = ['-c', question.script, 'hxllm', ...(question.arguments ?? [])];
  return question.parse({ stdout: execFileSync('bash', argv, { encoding: 'utf8' }), exitCode: 0 });
}

test('a record gives the lines of the runs that are asked for, and the run that wrote last', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm record '));
  context.after(() => rmSync(folder, { recursive: true }));
  assert.deepEqual([ask(hostRecordQuestion(folder, [])), ask(lastRunQuestion(folder))], [[], undefined]);
  const line = (run = '', step = ''): string => `${run} 2026-11-30T01:02:03Z ${step} done\n`;
  const text = `${line(ONE, 'health')}${line(TWO, 'release')}${line(TWO, 'health')}`;
  writeFileSync(recordFile(folder), text);
  assert.deepEqual(
    ask(hostRecordQuestion(folder, [ONE ?? ''])).map(({ run, step }) => [run, step]),
    [[ONE, 'health']],
  );
  assert.equal(ask(lastRunQuestion(folder)), TWO);
  // A power cut left a part of a line, or a disk that was full an empty one.
  for (const rest of [`${ONE ?? ''} 2026-11`, '\n', '\0\0\0'])
    for (const before of [text, line(ONE, 'health')]) {
      writeFileSync(recordFile(folder), `${before}${rest}`);
      assert.equal(ask(lastRunQuestion(folder)), before === text ? TWO : ONE, JSON.stringify(rest));
    }
});
