import fc from 'fast-check';
import type { ServerEvent } from '../../src/gateway/exchange.ts';
import type { ResponseDecoder } from '../../src/gateway/upstream/wire-request.ts';

/** The events that a decoder makes of bytes in these chunks. */
export function eventsOf(
  create: (emit: (event: ServerEvent) => void) => ResponseDecoder,
  pieces: readonly Uint8Array[],
): readonly ServerEvent[] {
  const events: ServerEvent[] = [];
  const reader = create((event) => events.push(event));
  for (const piece of pieces) reader.push(Buffer.from(piece));
  reader.end();
  return events;
}

/** Bytes, cut anywhere, also inside a character. */
export function cutAnywhere(bytes: Buffer): fc.Arbitrary<readonly Buffer[]> {
  return fc
    .uniqueArray(fc.integer({ min: 1, max: Math.max(1, bytes.length - 1) }), { maxLength: 24 })
    .map((cutPoints) => {
      const cuts = [0, ...cutPoints.toSorted((a, b) => a - b), bytes.length];
      return cuts.slice(1).map((to, index) => bytes.subarray(cuts[index], to));
    });
}
