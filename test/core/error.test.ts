import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { asError, errorCode, errorMessage, errorStack } from '../../src/core/error.ts';

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

test('a system error has a code, other errors and other values have none', () => {
  const missing = thrownBy(() => readFileSync('/no/such/file'));
  assert.deepEqual([missing, new Error('odd'), { code: 'E' }, undefined].map(errorCode), ['ENOENT', '', '', '']);
  assert.equal(errorCode(Object.assign(new Error('odd'), { code: 7 })), '7');
  // undici's errors of its HTTP parser have the key without a value.
  assert.equal(errorCode(Object.assign(new Error('odd'), { code: undefined })), '');
});

test('the message of an Error is its own, that of another value is its text', () => {
  assert.deepEqual([new TypeError('odd'), 'text', 7, null].map(errorMessage), ['odd', 'text', '7', 'null']);
});

test('the stack names the place; without a stack it is the message', () => {
  assert.match(errorStack(new Error('odd')), /^Error: odd\n\s+at .*error\.test\.ts/);
  const bare = new Error('odd');
  delete bare.stack;
  assert.deepEqual([bare, 'text'].map(errorStack), ['odd', 'text']);
});

test('an Error stays the same, another value becomes one', () => {
  const error = new TypeError('odd');
  assert.equal(asError(error), error);
  assert.deepEqual(asError('text'), new Error('text'));
});
