import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { upload } from '../../src/apply/upload.ts';
import { sha256 } from '../../src/core/hash.ts';
import { createLocalHost } from '../../src/remote/local/host.ts';
import { until } from '../until.ts';

test('an upload that ends late leaves the file of its successor alone', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'hxllm upload '));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  const host = createLocalHost('here', process.env);
  const [first, second] = ['the first file', 'the second file'];
  const path = join(root, 'bin/node');
  const parts = (): readonly string[] => (existsSync(join(root, 'bin')) ? readdirSync(join(root, 'bin')) : []);
  /** Sends a text through a pipe that the test fills. */
  const send = (name: string, text: string) => {
    const file = join(root, name);
    execFileSync('mkfifo', [file]);
    const action = {
      kind: 'upload',
      source: { file, sizeBytes: text.length },
      path,
      sha256: sha256(text),
      mode: 0o755,
      compress: false,
    } as const;
    const record = { file: join(root, '.record'), id: 'a'.repeat(32) };
    const sent = upload(
      host,
      { ...action, title: name, command: 'hxllm enforce' },
      record,
      '',
      new AbortController().signal,
    );
    const pipe = createWriteStream(file);
    pipe.write(text.slice(0, 5));
    return { sent, pipe, rest: text.slice(5) };
  };
  const old = send('old', first);
  await until('the first upload has begun', () => parts().length === 1);
  const [oldPart] = parts();
  const next = send('next', second);
  await until('the second one has begun', () => parts().length === 1 && parts()[0] !== oldPart);
  const nextPart = parts();
  old.pipe.end(old.rest);
  const late = await old.sent;
  assert.equal(late.ok, false, 'its file is gone');
  assert.deepEqual(parts(), nextPart);
  next.pipe.end(next.rest);
  assert.deepEqual(await next.sent, { ok: true, value: undefined });
  assert.equal(readFileSync(path, 'utf8'), second);
});
