import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusedBySudo } from '../../src/apply/sudo.ts';

const ran = (stderr: string, exitCode = 1): Parameters<typeof refusedBySudo>[2] => ({
  exitCode,
  stdout: '',
  stderr,
  durationMs: 1,
});

test('a refusal of sudo is a permission Problem with its message', () => {
  for (const line of [
    'sudo: a password is required',
    'sudo: a terminal is required to read the password',
    'hx is not in the sudoers file.',
    'Sorry, user hx may not run sudo on here.',
    'sh: 1: exec: sudo: not found',
  ]) {
    assert.match(
      refusedBySudo('here', 'sudo', ran(`sudo: unable to resolve host here\n${line}\n`))?.detail ?? 'nothing',
      new RegExp(line.slice(-12)),
    );
  }
});

test('a remark of sudo, a failure of the command, and a command without sudo are no permission Problems', () => {
  assert.equal(refusedBySudo('here', 'sudo', ran('sudo: unable to resolve host here\ndf: no space\n')), undefined);
  assert.equal(refusedBySudo('here', 'sudo', ran('sudo: a password is required', 0)), undefined);
  assert.equal(refusedBySudo('here', 'none', ran('sudo: a password is required')), undefined);
});
