import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typed, withOpenSsh } from '../../../src/cli/run/next.ts';
import type { PhaseOptions, Session } from '../../../src/cli/run/session.ts';

/** The command after one with these options; it reads nothing else of a session. */
function commandAfter(options: PhaseOptions, command: string): string {
  return typed({ options } as Session, command);
}

test('the next command keeps every choice of passwords, so that it works as printed', () => {
  assert.equal(
    commandAfter(
      { inventory: ['a.ini'], vaultId: ['dev@pw', 'prod@prompt'], connectionPasswordFile: 'login', askPass: true },
      'enforce --dry-run',
    ),
    'hxllm enforce --dry-run -i a.ini --vault-id dev@pw --vault-id prod@prompt --ask-pass --connection-password-file login',
  );
  assert.equal(commandAfter({ vaultPasswordFile: 'pw' }, 'smoke'), 'hxllm smoke --vault-password-file pw');
});

test('the next command keeps the transport, and a message names the same command with the installed ssh', () => {
  assert.equal(commandAfter({ transport: 'openssh' }, 'validate'), 'hxllm validate --transport openssh');
  for (const before of [[], ['--transport=ssh2'], ['--transport', 'ssh2']])
    assert.equal(
      withOpenSsh(['hxllm', 'enforce', ...before, '--limit', 'a b']),
      "hxllm enforce --limit 'a b' --transport openssh",
    );
});
