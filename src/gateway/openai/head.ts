/** What all chunks of an answer, or the one body, have in common. */
export interface AnswerHead {
  /** The gateway's own: Ollama's repeat. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** The alias that was asked for. */
  readonly model: string;
}

/** A new head. */
export function answerHead(model: string, nowMs: number): AnswerHead {
  return { id: `chatcmpl-${crypto.randomUUID().replaceAll('-', '')}`, created: Math.floor(nowMs / 1000), model };
}

/** Why an answer ended, in OpenAI's words. */
export const FINISH = { stop: 'stop', length: 'length', 'tool-calls': 'tool_calls' } as const;
