/** A tool that the model calls, as the native API shows it. */
export interface ToolCall {
  readonly id: string;
  readonly function: { readonly index: number; readonly name: string; readonly arguments: unknown };
}

/**
 * One token of an answer. A `hidden` token is part of a tool call that is being written; the call itself is sent whole.
 */
export interface Spoken {
  readonly kind: 'text' | 'thinking' | 'hidden' | 'calls';
  readonly text: string;
  readonly calls?: readonly ToolCall[];
}
