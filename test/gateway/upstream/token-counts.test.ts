import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment } from '../../../src/schema/gateway-config.ts';
import { TokenCounts } from '../../../src/gateway/upstream/token-counts.ts';

const on = (model: string): Deployment =>
  ({
    id: model,
    url: 'http://a',
    writtenUrl: 'http://a',
    provider: 'ollama',
    model,
    options: {},
    weight: 1,
  }) as unknown as Deployment; // the fields that count here
const M = on('m');

test('before anything was seen a token is some four characters', () => {
  assert.equal(new TokenCounts().estimate('request', M, 4000), 1000);
  assert.equal(new TokenCounts().estimate('request', M, 0), 1);
});

test('the tokens that a template adds to every prompt are told apart from those of the text', () => {
  const counts = new TokenCounts();
  for (const length of [200, 5000, 1000, 12_000]) counts.observe('request', M, length, 50 + length * 0.3);
  assert.equal(counts.estimate('request', M, 100), 80);
  assert.equal(counts.estimate('request', M, 40_000), 12_050);
  assert.equal(counts.estimate('request', on('other'), 4000), 1000, 'other models learn nothing from it');
});

test('prompts of one length say how many tokens a character is, and nothing more', () => {
  const counts = new TokenCounts();
  for (const length of [1000, 1010, 990]) counts.observe('prompt', M, length, 400);
  assert.ok(Math.abs(counts.estimate('prompt', M, 10_000) - 4000) < 10);
});

test('old observations count less', () => {
  const counts = new TokenCounts();
  for (let turn = 0; turn < 100; turn += 1) counts.observe('prompt', M, 1000, turn < 50 ? 500 : 250);
  const estimate = counts.estimate('prompt', M, 1000);
  assert.ok(estimate > 245 && estimate < 280, String(estimate));
});
