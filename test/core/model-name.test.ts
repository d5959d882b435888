import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalModelName, isSameModel } from '../../src/core/model-name.ts';

test('names mean one model whatever their case, tag and origin', () => {
  assert.ok(isSameModel('Tiny', 'registry.ollama.ai/library/tiny:latest'));
  assert.ok(isSameModel('user/m:7b', 'user/M:7b'));
  assert.ok(!isSameModel('user/m', 'm') && !isSameModel('m:7b', 'm'));
});

test('a port of another registry is no tag', () => {
  assert.equal(canonicalModelName('host:5000/user/m'), 'host:5000/user/m:latest');
  assert.equal(canonicalModelName(' host:5000/user/m:7b '), 'host:5000/user/m:7b');
});
