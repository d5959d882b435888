import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runAsRoot } from '../../../src/cli/hosts/as-root.ts';
import type { Become } from '../../../src/core/become.ts';
import type { CommandResult, Host } from '../../../src/core/host.ts';
import { ok } from '../../../src/core/problem.ts';
import { Secret } from '../../../src/core/secret.ts';
import { run } from '../../lab/command.ts';

const PASSWORD = "canary $HOME it's";
const folder = mkdtempSync(join(tmpdir(), 'hxllm-sudo-'));
after(() => rmSync(folder, { recursive: true }));
// Like sudo: it shows the prompt on stderr, without a line end, and takes the password from the first line of its input.
writeFileSync(
  join(folder, 'sudo'),
  `#!/bin/bash
prompt='[sudo] password: '
while [ $# -gt 0 ] && [ "$1" != -- ]; do case $1 in -p) prompt=$2; shift 2 ;; *) shift ;; esac; done
shift
printf %s "$prompt" >&2
IFS= read -r word
[ "$word" = ${JSON.stringify(PASSWORD).replace('$', '\\$')} ] || { echo "sudo: 1 incorrect password attempt" >&2; exit 1; }
exec "$@"
`,
  { mode: 0o755 },
);
// The login user is another one than root, also where the tests are not.
writeFileSync(join(folder, 'id'), '#!/bin/sh\necho 1000\n', { mode: 0o755 });

const host = {
  name: 'h1',
  run: async ({ argv, stdin }: { readonly argv: readonly string[]; readonly stdin?: unknown }) =>
    ok(
      await run(argv, {
        stdin: String(stdin),
        environment: { PATH: `${folder}:${String(process.env['PATH'])}` },
      }),
    ),
} as unknown as Host; // the part that is called

function asRoot(password: string): Promise<{ readonly ok: boolean; readonly value?: CommandResult }> {
  const become: Become = { program: ['sudo'], flags: ['-H'], password: new Secret(password) };
  const root = { script: 'echo "$1"; echo more >&2', args: ["a 'b"], title: 'try', timeoutMs: 10_000 };
  return runAsRoot(host, become, { ...root, signal: new AbortController().signal });
}

test('a script runs as root with a password for sudo, and its output has neither prompt nor password', async () => {
  const ran = await asRoot(PASSWORD);
  assert.deepEqual([ran.ok, ran.value?.stdout, ran.value?.stderr], [true, "a 'b\n", 'more\n']);
});

test('a wrong password is a problem in the words of sudo', async () => {
  const ran = await asRoot('another');
  assert.ok(!ran.ok);
  assert.match(JSON.stringify(ran), /permission\.sudo.*1 incorrect password attempt/);
});
