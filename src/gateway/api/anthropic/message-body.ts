import type { Json } from '../../json.ts';
import type { Usage } from '../../exchange.ts';
import type { MessageStop } from './message-stop.ts';
import { messageUsage } from './usage.ts';

/** The parts of a message that are known before its first event. */
export interface MessageHead {
  /** The gateway's own id. */
  readonly id: string;
  /** The alias that the client requested. */
  readonly model: string;
  readonly maxTokens: number;
  /**
   * How thinking is encoded. `withheld`: the client gets only the signature. `none`: the client did not request thinking, so it is
   * left out.
   */
  readonly thinking: 'shown' | 'withheld' | 'none';
}

const OPEN = { stop_reason: null, stop_sequence: null, stop_details: null };

/** The body of a message: complete, or as in `message_start` if `stop` is undefined. */
export function messageBody(
  { id, model }: MessageHead,
  content: readonly Json[],
  stop: MessageStop | undefined,
  usage: Usage,
): Json & { readonly type: 'message' } {
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content,
    ...(stop ?? OPEN),
    container: null,
    diagnostics: null,
    usage: messageUsage(usage),
  };
}
