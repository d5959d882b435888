import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { labTestsLeftOut } from '../lab/requirements.ts';
import { withMemoryFolder } from './memory-folder.ts';

// It mounts, as labs do.
const skip = labTestsLeftOut() ?? false;
/** statfs(2). */
const TMPFS = 0x01_02_19_94;

test('temporary files lie in memory while tests run, and nothing of it is left', { skip }, async (t) => {
  const earlier = process.env['TMPDIR'];
  const before = tmpdir();
  const [seen, kind] = await withMemoryFolder(() => {
    mkdtempSync(join(tmpdir(), 'hxllm-one-'));
    return Promise.resolve([tmpdir(), statfsSync(tmpdir()).type] as const);
  });
  assert.equal(process.env['TMPDIR'], earlier);
  if (seen === before) {
    t.skip('nothing may be mounted here, or there is little memory');
    return;
  }
  assert.deepEqual([kind, existsSync(seen)], [TMPFS, false]);
});

test('work that fails leaves nothing either', { skip }, async () => {
  let seen = '';
  const failing = withMemoryFolder(() => {
    seen = tmpdir();
    return Promise.reject(new Error('odd'));
  });
  await assert.rejects(failing, /odd/);
  assert.ok(seen === tmpdir() || !existsSync(seen));
});
