import type { Json } from '../../json.ts';
import type { ChunkStream } from './chat-chunks.ts';
import { chunkOpening } from './completion-head.ts';

/** The end of every stream that ended without an error. */
const DONE = 'data: [DONE]\n\n';

/** The chunks after the last choice of a stream. */
export function streamEnd({ head, includeUsage }: ChunkStream, usage: Json): string {
  return includeUsage ? `${chunkOpening(head)}[],"usage":${JSON.stringify(usage)}}\n\n${DONE}` : DONE;
}
