import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';

/** The content codings of request bodies that are undone (RFC 9110, 8.4.1; RFC 8878 for zstd), as an `accept-encoding` header. */
export const CODINGS = 'gzip, deflate, br, zstd';

/** Codings on top of each other: each holds a window in memory. */
const MAX_CODINGS = 4;

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** The decoders for a `content-encoding` header, in the order of their use; `undefined` if one of its codings is unknown, or it has too many. */
export function decodersFor(header: string | undefined): readonly Transform[] | undefined {
  if (header === undefined) return [];
  // The last coding was applied last.
  const codings = header
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity')
    .toReversed();
  const known = codings.every((coding) => Object.hasOwn(DECODERS, coding));
  return known && codings.length <= MAX_CODINGS ? codings.flatMap((coding) => DECODERS[coding]?.() ?? []) : undefined;
}
