import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { footprintQuestion } from '../../../src/facts/footprint/question.ts';

const NAMESPACE = ['--user', '--map-root-user', '--mount'];
const skip =
  spawnSync('unshare', [...NAMESPACE, 'true']).status === 0 ? false : 'this user may not make a mount namespace here';

test('folders are seen with mounts of the same disk, odd names, links, and at most 200 entries', { skip }, (t) => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'hxllm footprint ')));
  t.after(() => rmSync(root, { recursive: true }));
  const at = (path: string): string => join(root, path);
  for (const folder of ['mounted here', 'plain', 'source']) mkdirSync(at(folder));
  writeFileSync(at('source/.hidden & $x'), '');
  writeFileSync(at('source/b"c]'), '');
  for (let number = 0; number < 250; number += 1) writeFileSync(at(`plain/${String(1000 + number)}`), '');
  writeFileSync(at('file'), '');
  symlinkSync('mounted here', at('link'));
  const question = footprintQuestion({
    configDir: at('mounted here'),
    installDir: at('plain'),
    stateDir: at('missing'),
    serviceUnit: at('litellm.service'),
    user: 'no-such-user',
    group: 'no-such-group',
    serviceManager: 'process',
    defaults: [at('link'), at('file')],
  });
  const bound = 'mount --bind -- "$1/source" "$1/mounted here"; mount --bind -- "$1/source/b\\"c]" "$1/file"';
  const script = `${bound}; script=$2; shift 2; exec bash -c "$script" hxllm "$@"`;
  const argv = [...NAMESPACE, 'bash', '-c', script, 'hxllm', root, question.script, ...(question.arguments ?? [])];
  const stdout = execFileSync('unshare', argv, { encoding: 'utf8' });
  const { folders } = question.parse({ stdout, exitCode: 0 });
  const seen = [...folders].map(([path, { kind, isLink, isMountPoint, names }]) => [
    path.slice(root.length + 1),
    kind,
    isLink,
    isMountPoint,
    names.length > 2 ? names.length : names,
  ]);
  assert.deepEqual(seen, [
    ['mounted here', 'folder', false, true, ['.hidden & $x', 'b"c]']],
    ['plain', 'folder', false, false, 200],
    ['missing', 'missing', false, false, []],
    ['link', 'folder', true, true, ['.hidden & $x', 'b"c]']],
    ['file', 'other', false, true, []],
  ]);
});
