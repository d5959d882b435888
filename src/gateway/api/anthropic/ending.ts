import type { ServerEvent } from '../../exchange.ts';

/** Why a message ended, in Anthropic's words. */
export interface MessageEnding {
  readonly stop_reason: 'end_turn' | 'max_tokens' | 'stop_sequence' | 'tool_use' | 'model_context_window_exceeded';
  readonly stop_sequence: string | null;
  readonly stop_details: null;
}

/** Reads the end of an answer that was to have at most so many tokens. */
export function endingOf(
  { reason, usage, stopSequence }: Extract<ServerEvent, { kind: 'end' }>,
  maxTokens: number,
): MessageEnding {
  const nothing = { stop_sequence: null, stop_details: null };
  if (reason === 'tool-calls') return { stop_reason: 'tool_use', ...nothing };
  if (stopSequence !== undefined)
    return { stop_reason: 'stop_sequence', stop_sequence: stopSequence, stop_details: null };
  if (reason === 'stop') return { stop_reason: 'end_turn', ...nothing };
  // Cut off before that: the context is full. Where nobody counted, the model was cut off for repeating itself.
  const full = usage.promptTokens > 0 && usage.estimated !== true && usage.completionTokens < maxTokens;
  return { stop_reason: full ? 'model_context_window_exceeded' : 'max_tokens', ...nothing };
}
