/** What all chunks of an answer, or the one body, have in common. */
export interface AnswerHead {
  /** The gateway's own: Ollama's repeat. */
  readonly id: string;
  readonly object: 'chat.completion' | 'chat.completion.chunk' | 'text_completion';
  /** Seconds since 1970. */
  readonly created: number;
  /** The alias that was asked for. */
  readonly model: string;
}

/** A new head; `prefix` as OpenAI's ids of this kind have it. */
export function answerHead(
  prefix: 'chatcmpl' | 'cmpl',
  object: AnswerHead['object'],
  model: string,
  nowMs: number,
): AnswerHead {
  return {
    id: `${prefix}-${crypto.randomUUID().replaceAll('-', '')}`,
    object,
    created: Math.floor(nowMs / 1000),
    model,
  };
}

/** What a chunk begins with: all but its choices, which are written once for all of them; a chunk is then little more than its text. */
export function chunkOpening(head: AnswerHead): string {
  return `data: ${JSON.stringify(head).slice(0, -1)},"choices":`;
}

/** Why an answer ended, in OpenAI's words. */
export const FINISH = { stop: 'stop', length: 'length', 'tool-calls': 'tool_calls' } as const;
