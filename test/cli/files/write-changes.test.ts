import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { writeChanges as write, type Change } from '../../../src/cli/files/write-changes.ts';

const writeChanges = (changes: readonly Change[]): ReturnType<typeof write> => write(changes, '20261123T231500Z');

let root = '';
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'hxllm-changes-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function at(path: string): string {
  return join(root, path);
}

test('new files are created with their folders and their mode', async () => {
  const result = await writeChanges([
    { path: at('inventories/group_vars/all/vault.yml'), before: undefined, after: 'secret\n', mode: 0o600 },
  ]);
  assert.ok(result.ok);
  assert.equal(readFileSync(at('inventories/group_vars/all/vault.yml'), 'utf8'), 'secret\n');
  assert.equal(statSync(at('inventories/group_vars/all/vault.yml')).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(at('inventories/group_vars/all')), ['vault.yml'], 'nothing temporary is left');
});

test('an existing file keeps its mode, and a symlink stays a symlink', async () => {
  writeFileSync(at('real.yml'), 'old\n');
  chmodSync(at('real.yml'), 0o640);
  symlinkSync('real.yml', at('link.yml'));
  assert.ok((await writeChanges([{ path: at('link.yml'), before: 'old\n', after: 'new\n', mode: 0o644 }])).ok);
  assert.equal(readFileSync(at('real.yml'), 'utf8'), 'new\n');
  assert.equal(statSync(at('real.yml')).mode & 0o777, 0o640);
  assert.ok(lstatSync(at('link.yml')).isSymbolicLink());
});

test('a file that is replaced leaves a copy beside it, for its owner alone; a new and a generated one do not', async () => {
  writeFileSync(at('main.yml'), 'old\n', { mode: 0o644 });
  writeFileSync(at('schema.json'), '{}\n');
  const changes = [
    { path: at('main.yml'), before: 'old\n', after: 'new\n', mode: 0o644 },
    { path: at('schema.json'), before: '{}\n', after: '[]\n', mode: 0o644, generated: true },
    { path: at('new.yml'), before: undefined, after: 'new\n', mode: 0o644 },
  ];
  assert.ok((await writeChanges(changes)).ok);
  const copy = 'main.yml.20261123T231500Z.bak';
  assert.deepEqual(readdirSync(root), ['main.yml', copy, 'new.yml', 'schema.json']);
  assert.equal(readFileSync(at(copy), 'utf8'), 'old\n');
  assert.equal(statSync(at(copy)).mode & 0o777, 0o600);
});

test('if another program changed a file in the meantime, no file is written', async () => {
  writeFileSync(at('a.yml'), 'a\n');
  writeFileSync(at('b.yml'), 'changed\n');
  const result = await writeChanges([
    { path: at('a.yml'), before: 'a\n', after: 'A\n', mode: 0o644 },
    { path: at('b.yml'), before: 'b\n', after: 'B\n', mode: 0o644 },
  ]);
  assert.ok(!result.ok);
  assert.equal(result.problems[0].code, 'inventory.changed-meanwhile');
  assert.equal(result.problems[0].where?.file, at('b.yml'));
  assert.deepEqual([readFileSync(at('a.yml'), 'utf8'), readFileSync(at('b.yml'), 'utf8')], ['a\n', 'changed\n']);
  assert.deepEqual(readdirSync(root), ['a.yml', 'b.yml']);
});

test('a file that appeared at the place of a new one is not overwritten', async () => {
  writeFileSync(at('dev.ini'), 'theirs\n');
  const result = await writeChanges([{ path: at('dev.ini'), before: undefined, after: 'ours\n', mode: 0o644 }]);
  assert.ok(!result.ok);
  assert.equal(readFileSync(at('dev.ini'), 'utf8'), 'theirs\n');
});

test('if a later file cannot be replaced, the earlier ones are restored and new folders removed', async () => {
  writeFileSync(at('a.yml'), 'a\n');
  // The last change creates a folder at the place of the one before, so that moving that one there fails.
  const result = await writeChanges([
    { path: at('new/deep/file.yml'), before: undefined, after: 'x\n', mode: 0o644 },
    { path: at('a.yml'), before: 'a\n', after: 'A\n', mode: 0o644 },
    { path: at('clash'), before: undefined, after: 'y\n', mode: 0o644 },
    { path: at('clash/below.yml'), before: undefined, after: 'z\n', mode: 0o644 },
  ]);
  assert.ok(!result.ok);
  assert.equal(result.problems[0].code, 'file.not-written');
  assert.equal(result.problems[0].where?.file, at('clash'));
  assert.equal(readFileSync(at('a.yml'), 'utf8'), 'a\n');
  assert.equal(existsSync(at('new')), false);
  assert.deepEqual(readdirSync(root), ['a.yml']);
});
