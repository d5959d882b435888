import type { Json } from '../../json.ts';
import type { Stream } from './chat-chunks.ts';
import { chunkOpening } from './head.ts';

/** The end of every stream that ended well. */
export const DONE = 'data: [DONE]\n\n';

/** What follows the last choice of a stream. */
export function streamEnding({ head, includeUsage }: Stream, usage: Json): string {
  return includeUsage ? `${chunkOpening(head)}[],"usage":${JSON.stringify(usage)}}\n\n${DONE}` : DONE;
}
