import type { Json } from '../../json.ts';
import type { Usage } from '../../exchange.ts';
import type { MessageEnding } from './ending.ts';
import { messageUsage } from './usage.ts';

/** What is known of a message before it is written. */
export interface MessageHead {
  /** The gateway's own. */
  readonly id: string;
  /** The alias that was asked for. */
  readonly model: string;
  readonly maxTokens: number;
  /** What becomes of thoughts; `withheld`: only their signature is told, `none`: nobody asked for any. */
  readonly thinking: 'shown' | 'withheld' | 'none';
}

const OPEN = { stop_reason: null, stop_sequence: null, stop_details: null };

/** A message as the API has it: whole, or as a stream begins it. */
export function messageBody(
  { id, model }: MessageHead,
  content: readonly Json[],
  ending: MessageEnding | undefined,
  usage: Usage,
): Json & { readonly type: 'message' } {
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content,
    ...(ending ?? OPEN),
    container: null,
    diagnostics: null,
    usage: messageUsage(usage),
  };
}
