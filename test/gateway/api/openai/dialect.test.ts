import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Failure } from '../../../../src/gateway/exchange.ts';
import { OPENAI } from '../../../../src/gateway/api/openai/dialect.ts';

const busy = (retryAfterMs: number): Failure => ({
  kind: 'overloaded',
  code: 'backend_busy',
  message: 'Come again.',
  retryAfterMs,
});

test('an error that a retry helps says when to retry, in both headers that the SDKs read', () => {
  assert.deepEqual(OPENAI.errorResponse(busy(1500)).headers, {
    'content-type': 'application/json',
    'retry-after': '2',
    'retry-after-ms': '1500',
  });
  assert.partialDeepStrictEqual(OPENAI.errorResponse(busy(0)).headers, { 'retry-after': '1', 'retry-after-ms': '1' });
});

test('a wait that the SDKs would not heed is shortened, and they are told not to come by themselves', () => {
  assert.deepEqual(OPENAI.errorResponse(busy(90_000)).headers, {
    'content-type': 'application/json',
    'retry-after': '59',
    'retry-after-ms': '59000',
    'x-should-retry': 'false',
  });
});

test('a failure in a stream is one event with the error object', () => {
  assert.equal(
    OPENAI.errorFrame({ kind: 'upstream', code: 'backend_failed', message: 'two\nlines' }),
    'data: {"error":{"message":"two\\nlines","type":"server_error","param":null,"code":"backend_failed"}}\n\n',
  );
});
