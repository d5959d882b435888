import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  recordsDocument,
  recordsIn,
  refusedAbove,
  type ContextRecord,
} from '../../../src/gateway/scheduler/context-record.ts';

const RECORD: ContextRecord = {
  backend: 'http://gpu1:11434',
  model: 'llama3',
  from: 4096,
  context: 16_384,
  refused: { tokens: 32_768, reason: 'spilled', at: '2026-11-29T10:00:00.000Z' },
};
const again = (document: unknown): unknown => recordsIn(JSON.parse(JSON.stringify(document)));

test('records are read as they were written; a model that has not grown is left out', () => {
  const bare: ContextRecord = { ...RECORD, model: 'other', context: undefined, refused: undefined };
  assert.deepEqual(again(recordsDocument([RECORD, bare])), [RECORD]);
  assert.equal((again(recordsDocument(Array.from({ length: 1500 }, () => RECORD))) as unknown[]).length, 1000);
});

test('a document with anything wrong in it is damaged', () => {
  const refused = { tokens: 1, reason: 'spilled', at: RECORD.refused?.at };
  for (const part of [
    { context: '16384' },
    { context: -1 },
    { context: 1.5 },
    { backend: 7 },
    { model: undefined },
    { from: 'x' },
    { refused: 1 },
    { refused: { ...refused, tokens: undefined } },
    { refused: { ...refused, reason: 'x' } },
    { refused: { ...refused, at: 'yesterday' } },
  ])
    assert.equal(again({ contexts: [{ ...RECORD, ...part }] }), undefined, JSON.stringify(part));
  for (const document of [undefined, null, 7, [], {}, { contexts: {} }, { contexts: [null] }])
    assert.equal(recordsIn(document), undefined);
});

test('a context that was refused is tried again after a day', () => {
  const atMs = Date.parse(RECORD.refused?.at ?? '');
  assert.equal(refusedAbove(RECORD, atMs + 23 * 3_600_000), 32_768);
  assert.equal(refusedAbove(RECORD, atMs + 25 * 3_600_000), undefined);
  assert.equal(refusedAbove({ refused: undefined }, atMs), undefined);
});
