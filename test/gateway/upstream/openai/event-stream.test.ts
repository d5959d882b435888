import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventStream } from '../../../../src/gateway/upstream/openai/event-stream.ts';
import { workingMsOf } from '../../../working-time.ts';
import { cutAnywhere } from '../../pieces.ts';

const KEPT = 'data:{"kept":true}\n\n';

/** The data of the events in these bytes. */
function dataIn(pieces: readonly Uint8Array[]): readonly unknown[] {
  const seen: unknown[] = [];
  const stream = new EventStream(({ json, text }) => seen.push(json ?? text));
  for (const piece of pieces) stream.push(Buffer.from(piece));
  stream.end();
  return seen;
}

const dataOf = (text: string): readonly unknown[] => dataIn([Buffer.from(text)]);

const CASES: readonly (readonly [what: string, text: string, data: readonly unknown[]])[] = [
  ['several lines of data', 'data: {\ndata: "a":\ndata:1}\n\n', [{ a: 1 }]],
  ['a line that ends like an object', 'data: {"a":{"b":1}\ndata: }\n\n', [{ a: { b: 1 } }]],
  ['other fields between lines of data', 'id: 1\ndata: {"a":\nevent: x\n: hm\nretry: 9\ndata: 1}\n\n', [{ a: 1 }]],
  [
    'an event without a blank line behind it',
    'data: {"a":1}\ndata: {"b":2}\ndata: [DONE]\n',
    [{ a: 1 }, { b: 2 }, '[DONE]'],
  ],
  ['CR alone', 'data: {"a":1}\r\rdata: {"b":\rdata: 2}\r\rdata: [DONE]\r\r', [{ a: 1 }, { b: 2 }, '[DONE]']],
  ['CR and LF', 'data: {"b":\r\ndata: 2}\r\n\r\n', [{ b: 2 }]],
  [
    'all three in one stream',
    'data: {"a":\rdata: 1}\r\n\ndata: {"b":\ndata: 2}\r\r\ndata: {"c":3}\n\n',
    [{ a: 1 }, { b: 2 }, { c: 3 }],
  ],
  ['a byte order mark at the start', '\uFEFFdata: {"a":1}\n\n', [{ a: 1 }]],
  ['a byte order mark elsewhere, which is part of the field', 'data: {"a":1}\n\n\uFEFFdata: {"b":2}\n\n', [{ a: 1 }]],
  ['a field that begins alike, and one without a colon', 'database: {"a":1}\n\ndata\n\ndata:\n\n', []],
  ['text that is no JSON', 'data: a\ndata:  b\n\n', ['a\n b']],
  ['an end without a blank line', 'data: {"a":\ndata: 1}', [{ a: 1 }]],
  ['an end within an event', 'data: {"a":1}\n\ndata: {"b":', [{ a: 1 }]],
];

for (const [what, text, data] of CASES)
  test(`${what}: the events are the standard's, and no cut of the bytes changes them`, () => {
    assert.deepEqual(dataOf(text), data);
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(cutAnywhere(bytes), (pieces) => {
        assert.deepEqual(dataIn(pieces), data);
      }),
      { numRuns: 100 },
    );
    assert.deepEqual(dataIn(Array.from(bytes, (byte) => Buffer.of(byte))), data);
  });

for (const filler of ['\n', '\r', '\r\n', ': hm\n', 'data:\n\n', 'event: ping\n\n'])
  test(`${JSON.stringify(filler)} over and over between events is skipped, and is no event without an end`, async () => {
    const some = filler.repeat(100_000 / filler.length);
    assert.deepEqual(dataOf(some + KEPT + some + KEPT), [{ kept: true }, { kept: true }]);
    const many = Buffer.from(filler.repeat(40_000_000 / filler.length));
    const workedMs = await workingMsOf(() => {
      const stream = new EventStream(() => assert.fail('no event was sent'));
      assert.throws(() => {
        for (let from = 0; from < many.length; from += 65_536) stream.push(many.subarray(from, from + 65_536));
      }, RangeError);
    });
    assert.ok(workedMs < 1000, `${String(workedMs)} ms`);
  });

test('an event has a bound, also one of many lines', () => {
  for (const text of ['data: x\n', 'data\n', 'data: x'.repeat(1000)]) {
    const piece = Buffer.from(text.repeat(65_536 / text.length));
    const stream = new EventStream(() => assert.fail('no event was complete'));
    stream.push(Buffer.from('data: x\n'));
    assert.throws(() => {
      for (let sent = 0; sent < 80 * 1024 * 1024; sent += piece.length) stream.push(piece);
    }, RangeError);
  }
});
