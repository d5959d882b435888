import type { Logprob } from '../text/logprob.ts';
import type { ToolCall } from '../text/spoken.ts';

/** The counts and durations (nanoseconds) at the end of an answer; what is zero is absent. */
export interface Metrics {
  readonly total_duration?: number | undefined;
  readonly load_duration?: number | undefined;
  readonly prompt_eval_count?: number | undefined;
  readonly prompt_eval_duration?: number | undefined;
  readonly eval_count?: number | undefined;
  readonly eval_duration?: number | undefined;
}

/** How an answer of `/api/chat` ends, or not yet. */
export interface Ending {
  readonly done: boolean;
  readonly done_reason?: string | undefined;
}

/** A message of the model. */
export interface SaidMessage {
  readonly role: string;
  readonly content: string;
  readonly thinking?: string | undefined;
  readonly tool_calls?: readonly ToolCall[] | undefined;
}

interface DebugInfo {
  readonly _debug_info?: { readonly rendered_template: string };
}

/** What `/api/chat` sends: whole, or a piece. */
export interface ChatBody extends Ending, Metrics, DebugInfo {
  readonly model: string;
  readonly created_at: string;
  readonly message: SaidMessage;
  readonly logprobs?: readonly Logprob[] | undefined;
}

/** What `/api/generate` sends: whole, or a piece. */
export interface GenerateBody extends Ending, Metrics, DebugInfo {
  readonly model: string;
  readonly created_at: string;
  readonly response: string;
  readonly thinking?: string | undefined;
  readonly context?: readonly number[] | undefined;
  readonly logprobs?: readonly Logprob[] | undefined;
}

/** What `/api/embed` sends. */
export interface EmbedBody extends Metrics {
  readonly model: string;
  readonly embeddings: readonly (readonly number[])[];
}
