import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalModelName, isSameModel, manifestPath, modelFamily } from '../../src/core/model-name.ts';

test('names mean one model whatever their case, tag and origin', () => {
  assert.ok(isSameModel('Tiny', 'registry.ollama.ai/library/tiny:latest'));
  assert.ok(isSameModel('user/m:7b', 'user/M:7b'));
  assert.ok(!isSameModel('user/m', 'm') && !isSameModel('m:7b', 'm'));
});

test('a port of another registry is no tag', () => {
  assert.equal(canonicalModelName('host:5000/user/m'), 'host:5000/user/m:latest');
  assert.equal(canonicalModelName(' host:5000/user/m:7b '), 'host:5000/user/m:7b');
});

test('the manifest of a model lies at its host, namespace, name and tag', () => {
  assert.equal(manifestPath('phi3:3.8b'), 'manifests/registry.ollama.ai/library/phi3/3.8b');
  assert.equal(manifestPath('llama3'), 'manifests/registry.ollama.ai/library/llama3/latest');
  assert.equal(manifestPath('team/phi3:q8'), 'manifests/registry.ollama.ai/team/phi3/q8');
  assert.equal(manifestPath('hf.co/org/Model-GGUF:Q4_K_M'), 'manifests/hf.co/org/Model-GGUF/Q4_K_M');
  assert.equal(manifestPath('registry.local:5000/team/phi3'), 'manifests/registry.local:5000/team/phi3/latest');
});

test('models of one family differ in their tags alone', () => {
  assert.equal(modelFamily('PHI3:3.8b'), modelFamily('library/phi3'));
  assert.notEqual(modelFamily('phi3:3.8b'), modelFamily('phi3.5:3.8b'));
});
