import type { ProbeRequest } from './client.ts';
import type { SmokeTarget } from './target.ts';

/** The time for an answer that needs no model, ms. */
export const QUICK_MS = 10_000;
/** The time for an answer of a model, ms: it may have to be loaded from a slow disk first. */
export const MODEL_MS = 180_000;
const COUNT_TO = 'Count from one to';

/** A short chat. */
export function chatQuestion(model: string, key: 'right' | 'none' = 'right', timeoutMs = MODEL_MS): ProbeRequest {
  return chat(model, 'Say hello in one word.', 16, key, timeoutMs);
}

/** A chat that keeps a slot for a moment, so that several of them run at once. */
export function longerChatQuestion(model: string): ProbeRequest {
  return chat(model, `${COUNT_TO} fifty.`, 64, 'right', MODEL_MS);
}

/** A chat as a stream that ends with its usage. */
export function streamQuestion(model: string): ProbeRequest {
  return streamed(model, `${COUNT_TO} fifty.`, 64);
}

/** A stream that takes a while. */
export function longStreamQuestion(model: string): ProbeRequest {
  return streamed(model, `${COUNT_TO} one thousand, and write every number.`, 1024);
}

/** A stream of so many tokens, for a server that writes few of them too fast to show how they arrive. */
export function lengthyStreamQuestion(model: string, tokens: number): ProbeRequest {
  const content = `${COUNT_TO} one thousand, and write every number. Answer in ${String(tokens)} tokens.`;
  return streamed(model, content, tokens);
}

/** A stream of a ramp; its prompt differs by the number. */
export function rampQuestion(model: string, number: number): ProbeRequest {
  return { ...streamed(model, `Count from ${String(number)} upwards.`, 32), unrecorded: true };
}

function streamed(model: string, content: string, maxTokens: number): ProbeRequest {
  return withBody(chat(model, content, maxTokens, 'right', MODEL_MS), {
    stream: true,
    stream_options: { include_usage: true },
  });
}

/** The limit of {@link shortQuestion}, in tokens. */
export const FEW_TOKENS = 4;
/** The stop sequence of {@link stopQuestion}. */
export const STOP = '5';
/** The name of a model that no server has. */
export const NO_SUCH_MODEL = 'hxllm-smoke-no-such-model';

/** A chat whose answer is longer than its limit. */
export function shortQuestion(model: string): ProbeRequest {
  return chat(model, `${COUNT_TO} fifty.`, FEW_TOKENS, 'right', MODEL_MS);
}

/** A chat whose answer has the stop sequence in its middle. */
export function stopQuestion(model: string): ProbeRequest {
  return withBody(chat(model, 'Repeat after me: 1 2 3 4 5 6 7 8 9', 64, 'right', MODEL_MS), { stop: [STOP] });
}

/** A chat in JSON mode. */
export function jsonQuestion(model: string): ProbeRequest {
  const content = 'Answer with a JSON object that has one key, "city", with the name of a city in France.';
  return withBody(chat(model, content, 64, 'right', MODEL_MS), { response_format: { type: 'json_object' } });
}

/** A chat with a model that no server has. */
export function unknownModelQuestion(): ProbeRequest {
  return chatQuestion(NO_SUCH_MODEL, 'right', QUICK_MS);
}

/** The state of the servers behind the gateway. */
export function healthQuestion(): ProbeRequest {
  return { method: 'GET', path: 'health', below: 'server', key: 'right', timeoutMs: QUICK_MS };
}

function withBody(question: ProbeRequest, more: object): ProbeRequest {
  return { ...question, body: { ...question.body, ...more } };
}

/** Embeddings of two texts. */
export function embeddingQuestion(model: string): ProbeRequest {
  const body = { model, input: ['a first text', 'a second one'] };
  return { method: 'POST', path: 'embeddings', key: 'right', timeoutMs: MODEL_MS, body };
}

/** A question to a server by name; its answer is long enough to tell how fast the server writes. */
export function serverQuestion(alias: string, { embeddings }: SmokeTarget): ProbeRequest {
  return embeddings.includes(alias)
    ? embeddingQuestion(alias)
    : chat(alias, `${COUNT_TO} fifty.`, 16, 'right', MODEL_MS);
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
