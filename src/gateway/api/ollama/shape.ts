import { isObject, type Json } from '../../json.ts';
import type { ToolCall } from '../../exchange.ts';

/** What a model said: all of it, or a piece. */
export interface ResponseState {
  readonly text: string;
  readonly thinking: string;
  readonly calls: readonly ToolCall[];
  /** How many came before. */
  readonly firstCall?: number;
}

/** How an endpoint holds what was said. */
export type ResponseShape = (said: ResponseState) => Json;

/** Nothing. */
export const NOTHING: ResponseState = { text: '', thinking: '', calls: [] };

/** As `/api/chat` has it; what is empty is left out, but for the text. */
export const CHAT: ResponseShape = (said) => ({ message: { role: 'assistant', content: said.text, ...besides(said) } });

/** As `/api/generate` has it. */
export const GENERATE: ResponseShape = (said) => ({ response: said.text, ...besides(said) });

/** The beginning of every object of an answer. */
export function head(model: string, date = new Date()): Json {
  return { model, created_at: date.toISOString() };
}

/** Log probabilities, of which Ollama leaves out what is empty. */
export function logprobsOf(tokens: readonly unknown[]): Json {
  return tokens.length === 0 ? {} : { logprobs: tokens.map(lean) };
}

function lean(token: unknown): unknown {
  if (!isObject(token)) return token;
  const empty = (name: string, value: unknown): boolean =>
    (name === 'bytes' && value === null) || (name === 'top_logprobs' && Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(token).filter(([name, value]) => !empty(name, value)));
}

function besides({ thinking, calls, firstCall = 0 }: ResponseState): Json {
  const made = calls.map(({ id, name, arguments: given }, at) => ({
    id,
    function: { index: firstCall + at, name, arguments: given },
  }));
  return { ...(thinking === '' ? {} : { thinking }), ...(made.length === 0 ? {} : { tool_calls: made }) };
}
