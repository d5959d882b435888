import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixMarked } from '../../../src/cli/run/next.ts';
import type { Session } from '../../../src/cli/run/session.ts';
import { failed, pass, unknown, type CheckResult, type Severity, type Verdict } from '../../../src/core/verdict.ts';
import { fakeTerminal } from '../fake-terminal.ts';

function result(verdict: Verdict, severity: Severity = 'error'): CheckResult {
  return { id: 'a.b', title: 't', host: 'h', severity, ...verdict };
}

function advice(results: readonly CheckResult[], environment = {}): string | undefined {
  // Only the members that the advice uses.
  const session = { terminal: fakeTerminal({ environment }), command: ['hxllm', 'preflight'] } as unknown as Session;
  return fixMarked(session, results);
}

const FAILED = result(failed('w', 's', 'f'));

test('the advice names the signs of the results that fail the phase, each once', () => {
  assert.equal(advice([FAILED, FAILED]), 'fix the lines marked ✗, then run: hxllm preflight');
  assert.equal(
    advice([FAILED, result(unknown('why')), result(pass('p'))]),
    'fix the lines marked ✗ or ?, then run: hxllm preflight',
  );
  assert.equal(advice([FAILED], { LANG: 'C' }), 'fix the lines marked FAILED, then run: hxllm preflight');
});

test('without a failed error there is no advice', () => {
  assert.equal(advice([result(failed('w', 's', 'f'), 'warning'), result(pass('p'))]), undefined);
});
