import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createConnect } from '../../../src/remote/connect.ts';
import { PATIENT, problemOf, targetOf } from '../target.ts';

test('an ssh that is missing, too old or of another make is named with its version and the command that installs it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-version-'));
  t.after(() => rm(folder, { recursive: true }));
  const found = async (script: string | undefined): Promise<readonly [string, string]> => {
    const file = join(folder, 'ssh');
    await (script === undefined
      ? rm(file, { force: true })
      : writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 }));
    const person = { home: folder, userName: 'ada', environment: { PATH: folder } };
    const { code, detail, fix } = problemOf(
      await createConnect(person, undefined, 'openssh')(targetOf({}), PATIENT.signal),
    );
    assert.match(fix, /openssh-client/);
    return [code, detail];
  };
  assert.deepEqual(await found(undefined), [
    'config.ssh',
    'Expected OpenSSH 8.4 or newer, found no program ssh in PATH.',
  ]);
  assert.match((await found('echo "OpenSSH_7.9p1 Debian-10, OpenSSL 1.1.1" >&2'))[1], /found version 7\.9\./);
  assert.match((await found('echo "OpenSSH_8.3p1" >&2'))[1], /found version 8\.3\./);
  assert.match((await found('echo "Dropbear v2022.83" >&2; exit 1'))[1], /found another program: Dropbear v2022\.83/);
});
