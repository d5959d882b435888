import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { StateFile } from '../../../src/gateway/state/state-file.ts';

type Entry = Readonly<Record<string, unknown>>;
const read = (document: unknown): object | undefined =>
  typeof document === 'object' && document !== null && 'a' in document ? document : undefined;

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-state-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('a document is read back by the next start, whole or not at all, and nobody else may read it', async (t) => {
  const folder = join(await folderFor(t), 'made', 'by-it');
  const log: Entry[] = [];
  const file = new StateFile(folder, 'x.json', (entry) => log.push(entry));
  assert.equal(file.load(read), undefined);
  assert.partialDeepStrictEqual(log, [{ event: 'cold-start', file: join(folder, 'x.json'), found: 'missing' }]);
  for (const a of [1, 2, 3]) file.save({ a });
  await file.flush();
  assert.deepEqual(await readdir(folder), ['x.json']);
  assert.deepEqual(new StateFile(folder, 'x.json', (entry) => log.push(entry)).load(read), { a: 3 });
  assert.deepEqual(
    await Promise.all([folder, join(folder, 'x.json')].map(async (path) => (await stat(path)).mode & 0o777)),
    [0o700, 0o600],
  );
  assert.equal(log.length, 1);
});

test('a damaged document is a cold start with one line, and the next one replaces it', async (t) => {
  const folder = await folderFor(t);
  for (const text of ['', '{', '[]', '{"b":1}', '\0\0\0', '{"a":1}}']) {
    await writeFile(join(folder, 'x.json'), text);
    const log: Entry[] = [];
    const file = new StateFile(folder, 'x.json', (entry) => log.push(entry));
    assert.equal(file.load(read), undefined);
    assert.partialDeepStrictEqual(log, [{ event: 'cold-start', found: 'damaged' }], text);
    assert.equal(log.length, 1);
    file.save({ a: 1 });
    await file.flush();
    assert.deepEqual(JSON.parse(await readFile(join(folder, 'x.json'), 'utf8')), { a: 1 });
  }
});

test('a folder that cannot be written costs one line for each try, and no half of a file', async (t) => {
  const folder = await folderFor(t);
  await writeFile(join(folder, 'file'), '');
  const log: Entry[] = [];
  const file = new StateFile(join(folder, 'file'), 'x.json', (entry) => log.push(entry));
  assert.equal(file.load(read), undefined);
  assert.partialDeepStrictEqual(log, [{ event: 'cold-start', found: 'unreadable' }]);
  file.save({ a: 1 });
  await file.flush();
  assert.equal(log.length, 2);
  assert.partialDeepStrictEqual(log[1], { event: 'state-not-written', file: join(folder, 'file', 'x.json') });
  await chmod(folder, 0o700);
});

test('without a folder nothing is read, written or said', async () => {
  const log: Entry[] = [];
  const file = new StateFile(undefined, 'x.json', (entry) => log.push(entry));
  assert.equal(file.load(read), undefined);
  file.save({ a: 1 });
  await file.flush();
  assert.deepEqual(log, []);
});
