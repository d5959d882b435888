import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOfPhase, exitCodeOfProblems } from '../../src/cli/exit-code.ts';
import type { Problem } from '../../src/core/problem.ts';

function problems(...codes: readonly string[]): readonly Problem[] {
  return codes.map((code) => ({ code, summary: '', detail: '', fix: '' }));
}

test('the first word of a problem’s code decides the exit code', () => {
  const expected: Readonly<Record<string, number>> = {
    'usage.url': 64,
    'host.unreachable': 69,
    'bug.unexpected': 70,
    'permission.sudo': 77,
    'config.yaml': 78,
    'inventory.not-found': 78,
    'vault.wrong-password': 78,
    'variables.wrong-value': 78,
    'enforce.foreign': 1,
    'hosts.many': 1,
    '': 1,
  };
  for (const [code, exitCode] of Object.entries(expected))
    assert.equal(exitCodeOfProblems(problems(code)), exitCode, code);
});

test('of several problems the gravest decides, in any order', () => {
  assert.equal(exitCodeOfProblems(problems('host.unreachable', 'vault.locked')), 78);
  assert.equal(exitCodeOfProblems(problems('vault.locked', 'bug.unexpected', 'host.timeout')), 70);
  assert.equal(exitCodeOfProblems(problems('runtime.missing', 'host.timeout')), 69);
});

test('endings have exit codes of their own', () => {
  assert.equal(exitCodeOfPhase({ ending: 'passed', problems: [] }, true), 0);
  assert.equal(exitCodeOfPhase({ ending: 'pending', problems: [] }, false), 0);
  assert.equal(exitCodeOfPhase({ ending: 'pending', problems: [] }, true), 2);
  assert.equal(exitCodeOfPhase({ ending: 'declined', problems: [] }, false), 1);
  assert.equal(exitCodeOfPhase({ ending: 'failed', problems: [] }, true), 1);
  assert.equal(exitCodeOfPhase({ ending: 'failed', problems: problems('host.timeout') }, false), 69);
  assert.equal(exitCodeOfPhase({ ending: 'aborted', problems: problems('host.aborted') }, false), 130);
});
