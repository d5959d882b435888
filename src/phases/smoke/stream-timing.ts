import { readEventStream } from './event-stream.ts';
import { at, type Reply } from './exchange.ts';

/** Pieces closer together than this came in one packet. */
const TOGETHER_MS = 2;

/** The times of a stream, in ms since the request. */
export interface StreamTiming {
  /** The arrival of each piece of text, reasoning included. */
  readonly piecesMs: readonly number[];
  readonly firstTokenMs: number;
  readonly lastTokenMs: number;
  /** The longest pause between two blocks, from the first piece on. */
  readonly longestGapMs: number;
  /** How many times something arrived: pieces in one packet count once. */
  readonly arrivals: number;
}

/** The times of a streamed answer; `undefined` if it has no text, or its blocks were not timed. */
export function timingOf(reply: Reply): StreamTiming | undefined {
  const { chunks, blocks } = readEventStream(reply.body);
  const times = reply.blocksMs ?? [];
  const piecesMs = chunks.flatMap((chunk, index) => {
    const atMs = times[blocks[index] ?? -1];
    return atMs !== undefined && pieceOf(chunk) !== '' ? [atMs] : [];
  });
  const [firstTokenMs, lastTokenMs] = [piecesMs[0], piecesMs.at(-1)];
  if (firstTokenMs === undefined || lastTokenMs === undefined) return undefined;
  const later = times.filter((atMs) => atMs >= firstTokenMs);
  const gaps = later.slice(1).map((atMs, index) => atMs - (later[index] ?? atMs));
  const arrivals = piecesMs.filter(
    (atMs, index) => index === 0 || atMs - (piecesMs[index - 1] ?? 0) >= TOGETHER_MS,
  ).length;
  return { piecesMs, firstTokenMs, lastTokenMs, longestGapMs: Math.max(0, ...gaps), arrivals };
}

/** The text of a chunk, or its reasoning. */
export function pieceOf(chunk: unknown): string {
  const delta = at(chunk, 'choices', 0, 'delta');
  return ['content', 'reasoning_content', 'reasoning']
    .map((key) => at(delta, key))
    .filter((text) => typeof text === 'string')
    .join('');
}
