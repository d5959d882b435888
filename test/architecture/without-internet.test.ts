import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const SRC = join(import.meta.dirname, '../../src');
const FETCHES = /ollama pull [a-zA-Z$]|apt-get install|'apt-get', 'install'|npm pack \$/;
const OFFLINE = /MODEL_OFFLINE|packageOffline\(|without internet/;

test('every fix that fetches something has a way without internet beside it', () => {
  const lines = globSync('**/*.ts', { cwd: SRC }).flatMap((file) =>
    readFileSync(join(SRC, file), 'utf8')
      .split('\n')
      .map((text, index) => ({ place: `${file}:${String(index + 1)}`, text }))
      .filter(({ text }) => FETCHES.test(text) && !/^\s*(?:\/\/|\/?\*)/.test(text)),
  );
  assert.ok(lines.length >= 8, 'the fixes are found');
  assert.deepEqual(
    lines.filter(({ text }) => !OFFLINE.test(text)).map(({ place }) => place),
    [],
  );
});
