import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { Client } from 'ssh2';
import { runSession } from '../../../src/remote/ssh/session.ts';
import type { SshSettings } from '../../../src/remote/ssh/settings.ts';
import { PATIENT } from '../target.ts';

test('errors that come after the end of the output are part of the result', async () => {
  const channel = Object.assign(new PassThrough({ autoDestroy: false }), { stderr: new PassThrough() });
  // As ssh2 does it: the channel closes at the end of its output, and the errors end later.
  const exec = (_line: string, opened: (error: undefined, channel: object) => void): void => {
    opened(undefined, channel);
    channel.stderr.write('first ');
    channel.emit('exit', 3);
    channel.emit('close', 3);
    setTimeout(() => channel.stderr.end('last'), 20);
  };
  const client = { exec } as unknown as Client;
  const settings = { name: 'h' } as unknown as SshSettings;
  const ran = await runSession(settings, client, { argv: ['true'] }, PATIENT, () => () => {});
  assert.ok(ran !== 'full' && ran.ok);
  assert.deepEqual([ran.value.exitCode, ran.value.stderr], [3, 'first last']);
});
