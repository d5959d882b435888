import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packedCopy } from '../../src/apply/packed-copy.ts';
import { upload } from '../../src/apply/upload.ts';
import { sha256 } from '../../src/core/hash.ts';
import type { Result } from '../../src/core/problem.ts';
import { createLocalHost } from '../../src/remote/local/host.ts';

const folder = mkdtempSync(join(tmpdir(), 'hxllm packed '));
after(() => {
  rmSync(folder, { recursive: true });
});
const file = join(folder, 'node');
// Three pieces, and the last is a part of one.
const content = Buffer.concat([randomBytes(9 << 20), Buffer.alloc(9 << 20, 'node '), Buffer.from('the end')]);
writeFileSync(file, content);
const place = join(folder, 'cache/hxllm/node.gz');

/** Sends the file to this machine, and gives the file that arrived. */
async function send(name: string, packed: string): Promise<{ sent: Result<undefined>; path: string }> {
  const path = join(folder, name);
  const sent = await upload(
    createLocalHost('here', process.env),
    {
      kind: 'upload',
      source: { file, sizeBytes: content.length, packed },
      path,
      sha256: sha256(content),
      mode: 0o755,
      compress: true,
      title: name,
      command: 'hxllm enforce',
    },
    { file: join(folder, '.record'), id: 'a'.repeat(32) },
    '',
    new AbortController().signal,
  );
  return { sent, path };
}

test('hosts at the same time get one copy, which the next command sends again', async () => {
  const all = await Promise.all(['one/node', 'two/node', 'three/node'].map((name) => send(name, place)));
  for (const { sent, path } of all) {
    assert.deepEqual(sent, { ok: true, value: undefined });
    assert.equal(sha256(readFileSync(path)), sha256(content));
  }
  assert.deepEqual(readdirSync(join(folder, 'cache/hxllm')), ['node.gz']);
  const copy = readFileSync(place);
  assert.equal(await packedCopy(join(folder, 'nothing'), place), place, 'the file is not read');
  assert.deepEqual(readFileSync(place), copy);
});

test('the rest of a copy that was cut off goes, and one that another process makes stays', async () => {
  const other = join(folder, 'rest/node.gz');
  mkdirSync(join(folder, 'rest'));
  for (const name of ['cut', 'made']) writeFileSync(`${other}.${name}`, '');
  utimesSync(`${other}.cut`, new Date(0), new Date(0));
  assert.equal(await packedCopy(file, other), other);
  assert.deepEqual(readdirSync(join(folder, 'rest')).toSorted(), ['node.gz', 'node.gz.made']);
});

test('a damaged copy fails the upload once, and the next one makes it again', async () => {
  const copy = readFileSync(place);
  for (const damage of [copy.subarray(0, copy.length / 2), Buffer.from('no gzip'), Buffer.alloc(0)]) {
    const name = `${String(damage.length)}/node`;
    writeFileSync(place, damage);
    assert.equal((await send(name, place)).sent.ok, false);
    assert.ok(!existsSync(join(folder, name)));
    assert.ok(!existsSync(place));
    assert.deepEqual((await send(name, place)).sent, { ok: true, value: undefined });
  }
});

test('a file is sent where no copy can be kept', async () => {
  writeFileSync(join(folder, 'in the way'), '');
  const { sent, path } = await send('kept/node', join(folder, 'in the way/node.gz'));
  assert.deepEqual(sent, { ok: true, value: undefined });
  assert.equal(sha256(readFileSync(path)), sha256(content));
});
