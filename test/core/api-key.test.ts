import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { apiKeyHash, isApiKeyHash, isDamagedApiKey, newApiKey, wantedAlias } from '../../src/core/api-key.ts';
import { instantOf } from '../../src/core/instant.ts';

test('a key has 256 random bits and a checksum that finds each changed, missing and added character', () => {
  const key = newApiKey();
  assert.match(key, /^sk-hx-[\w-]{49}$/);
  assert.notEqual(newApiKey(), key);
  assert.equal(newApiKey(Buffer.alloc(32)), newApiKey(Buffer.alloc(32)));
  assert.ok(!isDamagedApiKey(key));
  for (let at = 'sk-hx-'.length; at < key.length; at += 1) {
    const other = key[at] === 'A' ? 'B' : 'A';
    assert.ok(isDamagedApiKey(key.slice(0, at) + other + key.slice(at + 1)), `character ${String(at)} changed`);
    assert.ok(isDamagedApiKey(key.slice(0, at)), `cut off at ${String(at)}`);
  }
  assert.ok(isDamagedApiKey(`${key}A`));
  // A key of LiteLLM has no checksum.
  assert.ok(!isDamagedApiKey('sk-1234567890abcdefghijkl'));
});

test('the hash of a key is what LiteLLM keeps: its SHA-256 in hexadecimal', () => {
  for (const key of ['sk-1234', newApiKey()])
    assert.equal(apiKeyHash(key), createHash('sha256').update(key).digest('hex'));
  assert.ok(isApiKeyHash(apiKeyHash('sk-1234')));
  assert.ok(!isApiKeyHash(apiKeyHash('sk-1234').slice(1)));
});

test('an alias is neither a key nor a word of the gateway', () => {
  for (const alias of ['open-webui', 'Büro 3', 'a'.repeat(128)]) assert.equal(wantedAlias(alias), undefined, alias);
  for (const alias of ['master', 'anyone', '', ' ', 'a\nb', 'a\u0000', 'a'.repeat(129), newApiKey()])
    assert.match(wantedAlias(alias) ?? '', /name/, alias);
});

test('a time is a date, which begins in UTC, or a date and a time with its offset', () => {
  for (const [text, iso] of [
    ['2027-01-01', '2027-01-01T00:00:00.000Z'],
    ['2028-02-29T12:30Z', '2028-02-29T12:30:00.000Z'],
    ['2027-01-01T01:00:00.5+02:00', '2026-12-31T23:00:00.500Z'],
  ] as const)
    assert.equal(instantOf(text), Date.parse(iso), text);
  const wrong = [
    '',
    '2027',
    '2027-1-1',
    '2027-02-30',
    '2027-02-29',
    '2027-13-01',
    '2027-01-01T25:00Z',
    '2027-01-01 10:00',
  ];
  for (const text of [...wrong, '2027-01-01T10:00', 'tomorrow', '2027-01-01T10:00:00Z\n'])
    assert.equal(instantOf(text), undefined, text);
});
