import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { FUNCTIONS } from '../../src/apply/functions.ts';

/** Whether a process, here the shell itself, counts as one whose program lies below a folder. */
function isOurs(folder: string): boolean {
  return spawnSync('bash', ['-c', `${FUNCTIONS}\nours $$ "$1"`, 'hxllm', folder]).status === 0;
}

test('a process counts as ours by the folder of its program, and never where that folder has no path', () => {
  assert.equal(isOurs('/usr'), true);
  assert.equal(isOurs('/missing/above/litellm'), false);
});
