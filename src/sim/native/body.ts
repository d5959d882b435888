import type { Logprob } from '../text/logprob.ts';
import type { ToolCall } from '../text/spoken.ts';

/** Counts and durations (nanoseconds) at the end of an answer. Zero values are absent. */
export interface Metrics {
  readonly total_duration?: number | undefined;
  readonly load_duration?: number | undefined;
  readonly prompt_eval_count?: number | undefined;
  readonly prompt_eval_duration?: number | undefined;
  readonly eval_count?: number | undefined;
  readonly eval_duration?: number | undefined;
}

/** Whether an answer has ended, and why. */
export interface Ending {
  readonly done: boolean;
  readonly done_reason?: string | undefined;
}

/** A message that the model wrote. */
export interface SaidMessage {
  readonly role: string;
  readonly content: string;
  readonly thinking?: string | undefined;
  readonly tool_calls?: readonly ToolCall[] | undefined;
}

interface DebugInfo {
  readonly _debug_info?: { readonly rendered_template: string };
}

/** A body of `/api/chat`: a whole answer or a chunk. */
export interface ChatBody extends Ending, Metrics, DebugInfo {
  readonly model: string;
  readonly created_at: string;
  readonly message: SaidMessage;
  readonly logprobs?: readonly Logprob[] | undefined;
}

/** A body of `/api/generate`: a whole answer or a chunk. */
export interface GenerateBody extends Ending, Metrics, DebugInfo {
  readonly model: string;
  readonly created_at: string;
  readonly response: string;
  readonly thinking?: string | undefined;
  readonly context?: readonly number[] | undefined;
  readonly logprobs?: readonly Logprob[] | undefined;
}

/** The body of `/api/embed`. */
export interface EmbedBody extends Metrics {
  readonly model: string;
  readonly embeddings: readonly (readonly number[])[];
}
