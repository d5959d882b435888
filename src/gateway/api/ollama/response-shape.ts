import { isObject, type Json } from '../../json.ts';
import type { ToolCall } from '../../exchange.ts';

/** Output of a model: the whole response, or one chunk. */
export interface ModelOutput {
  readonly text: string;
  readonly thinking: string;
  readonly calls: readonly ToolCall[];
  /** The number of tool calls in earlier chunks. */
  readonly firstCall?: number;
}

/** Builds an endpoint's own fields from output of the model. */
export type ResponseShape = (output: ModelOutput) => Json;

/** Output without content. */
export const EMPTY_OUTPUT: ModelOutput = { text: '', thinking: '', calls: [] };

/** The fields of `/api/chat`; empty fields are left out, except the text. */
export const CHAT: ResponseShape = (output) => ({
  message: { role: 'assistant', content: output.text, ...optionalFields(output) },
});

/** The fields of `/api/generate`. */
export const GENERATE: ResponseShape = (output) => ({ response: output.text, ...optionalFields(output) });

/** The first fields of every object of a response. */
export function responseHead(model: string, date = new Date()): Json {
  return { model, created_at: date.toISOString() };
}

/** The `logprobs` field; empty values are left out, as Ollama does. */
export function logprobsOf(tokens: readonly unknown[]): Json {
  return tokens.length === 0 ? {} : { logprobs: tokens.map(withoutEmpty) };
}

function withoutEmpty(token: unknown): unknown {
  if (!isObject(token)) return token;
  const empty = (name: string, value: unknown): boolean =>
    (name === 'bytes' && value === null) || (name === 'top_logprobs' && Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(token).filter(([name, value]) => !empty(name, value)));
}

function optionalFields({ thinking, calls, firstCall = 0 }: ModelOutput): Json {
  const toolCalls = calls.map(({ id, name, arguments: callArguments }, at) => ({
    id,
    function: { index: firstCall + at, name, arguments: callArguments },
  }));
  return { ...(thinking === '' ? {} : { thinking }), ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }) };
}
