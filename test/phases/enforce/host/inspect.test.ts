import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspectHost } from '../../../../src/phases/enforce/host/inspect.ts';
import { createAnsweringHost, hostOf, type Answers } from '../../preflight/host.ts';

const MACHINE = 'x86_64\n6.1.0\nglibc 2.36\n';

async function problemAt(answers: Answers): Promise<readonly [string, string]> {
  const state = await inspectHost(createAnsweringHost('hx', answers), hostOf('hx'), {
    signal: new AbortController().signal,
    recorder: { event: () => undefined, file: () => undefined },
  });
  assert.ok(!state.ok);
  const [{ code, detail }] = state.problems;
  return [code, detail];
}

test('no answer through sudo is a permission problem', async () => {
  assert.deepEqual(await problemAt({ machine: MACHINE }), [
    'permission.sudo',
    'Expected sudo to make the login user root, found: it needs root, and sudo gave no answer',
  ]);
});

test('an unreadable answer stops the plan', async () => {
  const [code, detail] = await problemAt({
    machine: MACHINE,
    installation: { stdout: 'sudo\n', exitCode: 3 },
    foreign: '',
  });
  assert.deepEqual(
    [code, detail],
    [
      'enforce.unknown',
      'Expected to learn what is installed, found: the script that reads the installation exited with 3.',
    ],
  );
});
