import type { ServerEvent } from '../../exchange.ts';

/** The fields that report why a message ended, in Anthropic's words. */
export interface MessageStop {
  readonly stop_reason: 'end_turn' | 'max_tokens' | 'stop_sequence' | 'tool_use' | 'model_context_window_exceeded';
  readonly stop_sequence: string | null;
  readonly stop_details: null;
}

/** Converts the `end` event of a response whose limit was `maxTokens`. */
export function messageStopOf(
  { reason, usage, stopSequence }: Extract<ServerEvent, { kind: 'end' }>,
  maxTokens: number,
): MessageStop {
  const noSequence = { stop_sequence: null, stop_details: null };
  if (reason === 'tool-calls') return { stop_reason: 'tool_use', ...noSequence };
  if (stopSequence !== undefined)
    return { stop_reason: 'stop_sequence', stop_sequence: stopSequence, stop_details: null };
  if (reason === 'stop') return { stop_reason: 'end_turn', ...noSequence };
  // Cut off below the limit, so the context is full. Without reported counts the model was cut off because it repeated itself.
  const full = usage.promptTokens > 0 && usage.estimated !== true && usage.completionTokens < maxTokens;
  return { stop_reason: full ? 'model_context_window_exceeded' : 'max_tokens', ...noSequence };
}
