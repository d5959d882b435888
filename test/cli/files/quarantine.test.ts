import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { moveToQuarantine, type QuarantineRequest } from '../../../src/cli/files/quarantine.ts';
import { restoreFromQuarantine } from '../../../src/cli/files/restore.ts';
import { sha256 } from '../../../src/core/hash.ts';
import { problemsOf, Tree } from '../../config/tree.ts';

const STAMP = '20261123T231500Z';
const FILES = { 'i/old.yml': 'old\n', 'i/group_vars/gone/vault.yml': 'gone\n', 'i/dev.ini': 'api\n' };

function requestsOf(tree: Tree, ...paths: readonly string[]): readonly QuarantineRequest[] {
  return paths.map((path) => {
    const file = join(tree.folder, path);
    return { path: file, sha256: sha256(readFileSync(file)), reason: 'nothing reads it' };
  });
}

test('files move as a whole into a folder of their own, with a record, and come back once', async () => {
  using tree = new Tree(FILES);
  const at = (path: string): string => join(tree.folder, path);
  const moved = await moveToQuarantine(at('i'), STAMP, requestsOf(tree, 'i/old.yml', 'i/group_vars/gone/vault.yml'));
  assert.ok(moved.ok, JSON.stringify(moved));
  const place = `i/.quarantine/${STAMP}`;
  assert.deepEqual(
    [existsSync(at('i/old.yml')), readFileSync(at(`${place}/group_vars/gone/vault.yml`), 'utf8')],
    [false, 'gone\n'],
  );
  for (const path of ['i/.quarantine', place, `${place}/group_vars`])
    assert.equal(statSync(at(path)).mode & 0o777, 0o700, path);
  assert.equal(statSync(at(`${place}/.record.json`)).mode & 0o777, 0o600);
  assert.equal(readFileSync(at('i/.quarantine/.gitignore'), 'utf8'), '*\n');
  assert.deepEqual(JSON.parse(readFileSync(at(`${place}/.record.json`), 'utf8')), {
    schemaVersion: 1,
    movedAt: STAMP,
    files: [
      { from: 'old.yml', sha256: sha256('old\n'), mode: '0644', reason: 'nothing reads it' },
      { from: 'group_vars/gone/vault.yml', sha256: sha256('gone\n'), mode: '0644', reason: 'nothing reads it' },
    ],
  });
  const restore = async (named: string): Promise<readonly [string, boolean]> => {
    const result = await restoreFromQuarantine([at('i')], named, tree.folder);
    assert.ok(result.ok, JSON.stringify(result));
    return [result.value.path.slice(tree.folder.length + 1), result.value.already];
  };
  assert.deepEqual(await restore(`${place}/old.yml`), ['i/old.yml', false]);
  assert.deepEqual(await restore(`${place}/old.yml`), ['i/old.yml', true]);
  assert.deepEqual(await restore('i/group_vars/gone/vault.yml'), ['i/group_vars/gone/vault.yml', false]);
  assert.equal(readFileSync(at('i/group_vars/gone/vault.yml'), 'utf8'), 'gone\n');
  assert.deepEqual(readdirSync(at(place)), ['.record.json']);
});

test('a second move within one second has a folder of its own, and the last move of a path is the one to restore', async () => {
  using tree = new Tree(FILES);
  const folder = join(tree.folder, 'i');
  assert.ok((await moveToQuarantine(folder, STAMP, requestsOf(tree, 'i/old.yml'))).ok);
  tree.write('i/old.yml', 'newer\n');
  assert.ok((await moveToQuarantine(folder, STAMP, requestsOf(tree, 'i/old.yml'))).ok);
  assert.ok((await restoreFromQuarantine([folder], 'i/old.yml', tree.folder)).ok);
  assert.equal(readFileSync(join(folder, 'old.yml'), 'utf8'), 'newer\n');
});

test('nothing moves if a file was changed meanwhile or cannot be moved', async () => {
  using tree = new Tree(FILES);
  const folder = join(tree.folder, 'i');
  const requests = requestsOf(tree, 'i/old.yml', 'i/group_vars/gone/vault.yml');
  tree.write('i/group_vars/gone/vault.yml', 'changed\n');
  assert.equal(problemsOf(await moveToQuarantine(folder, STAMP, requests))[0]?.code, 'inventory.changed-meanwhile');
  assert.deepEqual([existsSync(join(folder, 'old.yml')), existsSync(join(folder, '.quarantine'))], [true, false]);
  // A file in the place of the quarantine.
  writeFileSync(join(folder, '.quarantine'), '');
  assert.equal(
    problemsOf(await moveToQuarantine(folder, STAMP, requestsOf(tree, 'i/old.yml')))[0]?.code,
    'file.not-moved',
  );
  assert.equal(readFileSync(join(folder, 'old.yml'), 'utf8'), 'old\n');
});

test('a restore overwrites nothing, and names the files that there are', async () => {
  using tree = new Tree(FILES);
  const folder = join(tree.folder, 'i');
  const restore = (named: string): ReturnType<typeof restoreFromQuarantine> =>
    restoreFromQuarantine([folder], named, tree.folder);
  assert.match(problemsOf(await restore('i/old.yml'))[0]?.detail ?? '', /is empty/);
  assert.ok((await moveToQuarantine(folder, STAMP, requestsOf(tree, 'i/old.yml'))).ok);
  assert.match(
    problemsOf(await restore('i/nosuch.yml'))[0]?.detail ?? '',
    new RegExp(`It has i/\\.quarantine/${STAMP}/old\\.yml`),
  );
  tree.write('i/old.yml', 'another\n');
  assert.equal(problemsOf(await restore('i/old.yml'))[0]?.code, 'inventory.occupied');
  mkdirSync(join(folder, 'x'));
  assert.equal(readFileSync(join(folder, `.quarantine/${STAMP}/old.yml`), 'utf8'), 'old\n');
});
