import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';
import { SharedConnection } from '../../../src/remote/openssh/shared-connection.ts';
import { openStream } from '../../../src/remote/openssh/stream.ts';

// ssh -W to a server that speaks and leaves at once, which ends before its log is looked at.
const QUICK = `#!/bin/sh
while [ "$1" != -E ]; do shift; done
echo "debug2: mux_client_request_stdio_fwd: master session id: 2" >> "$2"
echo "220 mail"
`;

test('the words of a server that leaves at once are read, and so is its end', { timeout: 30_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-stream-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'ssh'), QUICK, { mode: 0o755 });
  const limits = { greetingMs: 1000, loginMs: 1000 };
  const localUser = { home: folder, userName: 'ada', environment: { PATH: `${folder}:/usr/bin:/bin` } };
  const places = {
    folder: join(folder, 'run'),
    askpass: '',
    control: join(folder, 'control'),
    log: join(folder, 'log'),
  };
  const shared = new SharedConnection({ localUser, ...places, argv: ['true'], ...limits });
  t.after(() => shared.close());
  await shared.ended;
  const stream = await openStream(shared, 'mail', 25, new AbortController().signal);
  assert.equal(await text(stream), '220 mail\n');
});
