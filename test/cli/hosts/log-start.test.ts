import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLogStart } from '../../../src/cli/hosts/log-start.ts';

const NOW = Date.parse('2026-11-30T12:00:00Z');

test('a span is one before now, also without ago', () => {
  const minutes = (text: string): number => (NOW - (readLogStart(text, NOW).atMs ?? Number.NaN)) / 60_000;
  assert.deepEqual(
    ['5m', '90 s', '2h', '1 hour ago', '-3 days', '1w', '10min', '2 hr'].map(minutes),
    [5, 1.5, 120, 60, 4320, 10_080, 10, 120],
  );
  assert.deepEqual(
    ['5m', '90 s', '1 hour ago', '-3 days'].map((text) => readLogStart(text, NOW).journal),
    ['-5m', '-90s', '1 hour ago', '-3 days'],
  );
});

test('a time is taken as it is, and words of journalctl are left to it', () => {
  assert.deepEqual(readLogStart('2026-11-30T11:00:00Z', NOW), {
    journal: '2026-11-30T11:00:00Z',
    atMs: NOW - 3_600_000,
  });
  for (const text of ['yesterday', '@1764500000', '5M', 'wrong'])
    assert.deepEqual(readLogStart(text, NOW), { journal: text, atMs: undefined });
});
