import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { addHostKeys, type NewHostKey } from '../../../src/remote/ssh/new-known-hosts.ts';
import { problemOf, valueOf } from '../target.ts';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'hxllm-known-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A key of a type with other bytes for each number. */
function keyOf(number: number, type = 'ssh-ed25519'): NewHostKey {
  const field = (content: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, content.length]), content]);
  const key = Buffer.concat([field(Buffer.from(type)), field(Buffer.alloc(32, number))]).toString('base64');
  return { type, key };
}

test('writers at the same time lose nothing, and each line is whole', async () => {
  const file = join(folder, 'known_hosts');
  const hosts = Array.from({ length: 40 }, (_, index) => index + 1);
  const added = await Promise.all(hosts.map((each) => addHostKeys(file, `host${String(each)}`, [keyOf(each)], false)));
  assert.deepEqual(
    added.map((each) => valueOf(each)),
    hosts.map(() => 1),
  );
  assert.deepEqual(
    readFileSync(file, 'utf8').trimEnd().split('\n').toSorted(),
    hosts.map((each) => `host${String(each)} ssh-ed25519 ${keyOf(each).key}`).toSorted(),
  );
});

test('a key that the file has is left out, also under a hashed name; a link stays a link', async () => {
  const [file, link] = [join(folder, 'real'), join(folder, 'link')];
  writeFileSync(file, '', { mode: 0o644 });
  symlinkSync(file, link);
  assert.equal(valueOf(await addHostKeys(link, '[h]:2222', [keyOf(1)], true)), 1);
  assert.equal(valueOf(await addHostKeys(link, '[h]:2222', [keyOf(1), keyOf(2)], false)), 1);
  const text = readFileSync(file, 'utf8');
  assert.equal(text.match(/^\|1\|/gm)?.length, 2, text);
  assert.equal(valueOf(await addHostKeys(link, '[h]:2222', [keyOf(1), keyOf(2)], false)), 0);
  assert.equal(readFileSync(link, 'utf8'), text);
});

test('a file that keeps nothing, a folder in its place and a missing folder are Problems with a fix', async () => {
  const add = async (file: string): Promise<string> => {
    const { code, fix, detail } = problemOf(await addHostKeys(file, 'h', [keyOf(1)], false));
    return `${code}: ${detail} ${fix}`;
  };
  assert.match(await add('/dev/null'), /^file\.not-written: .*keeps nothing/);
  mkdirSync(join(folder, 'folder'));
  assert.match(await add(join(folder, 'folder')), /^file\.not-written: .*EISDIR/);
  assert.match(await add(join(folder, 'no/such/known_hosts')), /^file\.not-written: .*mkdir -p -m 700 .*no\/such$/);
});

test(
  'a file that this user may not write is a Problem of permission',
  { skip: userInfo().uid === 0 ? 'root may write every file' : false },
  async () => {
    const file = join(folder, 'locked');
    writeFileSync(file, '');
    chmodSync(file, 0o400);
    const { code, fix } = problemOf(await addHostKeys(file, 'h', [keyOf(1)], false));
    assert.deepEqual([code, fix.includes('chmod 600')], ['permission.file', true]);
  },
);

test(
  'a full disk leaves the file as it was',
  { skip: userInfo().uid === 0 ? false : 'a mount needs root' },
  async (t) => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'none', disk], { stdio: 'ignore' });
    } catch {
      t.skip('a mount needs a right that this container lacks');
      return;
    }
    try {
      const file = join(disk, 'known_hosts');
      const text = `# ${'x'.repeat(8100)}\n`;
      writeFileSync(file, text);
      assert.equal(problemOf(await addHostKeys(file, 'h', [keyOf(1), keyOf(2)], false)).code, 'file.not-written');
      assert.equal(readFileSync(file, 'utf8'), text);
    } finally {
      execFileSync('umount', [disk]);
    }
  },
);
