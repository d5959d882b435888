import { randomId } from '../../../core/id.ts';
/** The fields that all chunks of a response, or its one body, share. */
export interface CompletionHead {
  /** The gateway's own id: Ollama's ids repeat. */
  readonly id: string;
  readonly object: 'chat.completion' | 'chat.completion.chunk' | 'text_completion';
  /** Seconds since 1970. */
  readonly created: number;
  /** The alias that the client requested. */
  readonly model: string;
}

/** Makes a new head; `prefix` is the prefix of OpenAI's ids of this kind. */
export function newCompletionHead(
  prefix: 'chatcmpl' | 'cmpl',
  object: CompletionHead['object'],
  model: string,
  nowMs: number,
): CompletionHead {
  return {
    id: `${prefix}-${randomId()}`,
    object,
    created: Math.floor(nowMs / 1000),
    model,
  };
}

/**
 * The beginning of a chunk, up to its choices. It is serialised once for all chunks, so each further chunk costs little more than
 * its text.
 */
export function chunkOpening(head: CompletionHead): string {
  return `data: ${JSON.stringify(head).slice(0, -1)},"choices":`;
}

/** The finish reason, in OpenAI's words. */
export const FINISH = { stop: 'stop', length: 'length', 'tool-calls': 'tool_calls' } as const;
