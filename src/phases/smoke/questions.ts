import type { ProbeRequest } from './client.ts';
import type { SmokeTarget } from './target.ts';

/** The time for an answer that needs no model, ms. */
export const QUICK_MS = 10_000;
/** The time for an answer of a model, ms: it may have to be loaded from a slow disk first. */
const MODEL_MS = 180_000;

/** A short chat. */
export function chatQuestion(model: string, key: 'right' | 'none' = 'right', timeoutMs = MODEL_MS): ProbeRequest {
  return chat(model, 'Say hello in one word.', 16, key, timeoutMs);
}

/** A chat that keeps a slot for a moment, so that several of them run at once. */
export function longerChatQuestion(model: string): ProbeRequest {
  return chat(model, 'Count from one to fifty.', 64, 'right', MODEL_MS);
}

/** A short chat as a stream that ends with its usage. */
export function streamQuestion(model: string): ProbeRequest {
  const body = {
    model,
    messages: [{ role: 'user', content: 'Count from one to five.' }],
    max_tokens: 32,
    stream: true,
    stream_options: { include_usage: true },
  };
  return { method: 'POST', path: 'chat/completions', key: 'right', timeoutMs: MODEL_MS, body };
}

/** Embeddings of two texts. */
export function embeddingQuestion(model: string): ProbeRequest {
  const body = { model, input: ['a first text', 'a second one'] };
  return { method: 'POST', path: 'embeddings', key: 'right', timeoutMs: MODEL_MS, body };
}

/** The shortest question that an alias can answer. */
export function questionFor(alias: string, { embeddings }: SmokeTarget): ProbeRequest {
  return embeddings.includes(alias) ? embeddingQuestion(alias) : chatQuestion(alias);
}

function chat(
  model: string,
  content: string,
  maxTokens: number,
  key: 'right' | 'none',
  timeoutMs: number,
): ProbeRequest {
  const body = { model, messages: [{ role: 'user', content }], max_tokens: maxTokens };
  return { method: 'POST', path: 'chat/completions', key, timeoutMs, body };
}
