import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readKeyFile } from '../../../src/cli/actions/key-file.ts';

const root = mkdtempSync(join(tmpdir(), 'hxllm-key-'));
after(() => rmSync(root, { recursive: true, force: true }));

test('a key file holds one key, with or without a newline', async () => {
  writeFileSync(join(root, 'key'), ' sk-abc\n');
  const key = await readKeyFile(join(root, 'key'));
  assert.ok(key.ok);
  assert.equal(key.value.reveal(), 'sk-abc');
});

test('an empty file, several words and a missing file are refused without showing their content', async () => {
  writeFileSync(join(root, 'empty'), '\n');
  writeFileSync(join(root, 'words'), 'LITELLM_MASTER_KEY = sk-secret\n');
  for (const [name, seen] of [
    ['empty', /an empty file/],
    ['words', /several words/],
    ['nowhere', /ENOENT/],
  ] as const) {
    const key = await readKeyFile(join(root, name));
    assert.ok(!key.ok);
    assert.equal(key.problems[0].code, 'config.key-file');
    assert.match(key.problems[0].detail, seen);
    assert.doesNotMatch(JSON.stringify(key), /sk-secret/);
  }
});
