import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTranscript } from '../../src/apply/transcript.ts';

test('a terminal’s title from a start file of the shell hides no line of the journal', () => {
  const nonce = 'ab'.repeat(16);
  const noise = '\u001B]0;deploy@gw\u0007no line feed';
  const { done, failed } = readTranscript(`noisy\n${noise}${nonce} done 0 12\n${nonce} failed 1 3 b29wcw==\n`, nonce);
  assert.deepEqual([...done], [[0, 12]]);
  assert.deepEqual(failed, { step: 1, durationMs: 3, printed: 'oops' });
});
