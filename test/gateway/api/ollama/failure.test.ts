import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OLLAMA } from '../../../../src/gateway/api/ollama/dialect.ts';

test('a refusal has one field, Ollama’s status, and says when to come again', () => {
  const full = OLLAMA.errorResponse({
    kind: 'overloaded',
    code: 'queue_full',
    message: 'Too many requests wait.',
    retryAfterMs: 2500,
    shouldRetry: true,
  });
  assert.deepEqual(
    [full.status, full.headers['retry-after'], JSON.parse(full.body)],
    [503, '3', { error: 'Too many requests wait.' }],
  );
  const missing = OLLAMA.errorResponse({
    kind: 'not-found',
    code: 'model_not_found',
    message: 'in other words',
    model: 'phi',
  });
  assert.deepEqual([missing.status, JSON.parse(missing.body)], [404, { error: "model 'phi' not found" }]);
});

test('a failure in a stream is a line of its own', () => {
  assert.equal(OLLAMA.errorFrame({ kind: 'upstream', code: null, message: 'gone' }), '{"error":"gone"}\n');
});
