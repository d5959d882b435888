import { isObject, type Json } from '../dialect/json.ts';
import type { ChatRequest, CompletionRequest, EmbedRequest, ServerCall, ServerFailure } from '../exchange.ts';
import { ReplyReader, StreamReader } from './server-reader.ts';

/** A chat for a server that speaks OpenAI itself: the request as it came, with the model's name there. */
export function chatCall(request: ChatRequest, model: string): ServerCall {
  return generationCall('/chat/completions', request, model);
}

/** A completion for a server that speaks OpenAI itself. */
export function completionCall(request: CompletionRequest, model: string): ServerCall {
  return generationCall('/completions', request, model);
}

/** Embeddings for a server that speaks OpenAI itself. */
export function embedCall(request: EmbedRequest, model: string): ServerCall {
  return { path: '/embeddings', body: JSON.stringify({ ...request.original, model }), read: (emit) => new ReplyReader(emit, 'data'), fail: failureOf };
}

// Usage is always asked for, and of several choices each is asked for by itself.
function generationCall(path: string, { original, stream }: ChatRequest | CompletionRequest, model: string): ServerCall {
  const { stream_options: _options, n: _n, best_of: _best, ...rest } = original ?? {};
  const body = JSON.stringify({ ...rest, model, ...(stream ? { stream_options: { include_usage: true } } : {}) });
  return { path, body, read: (emit) => (stream ? new StreamReader(emit) : new ReplyReader(emit, 'choices')), fail: failureOf };
}

// Of vLLM ("maximum context length is"), llama.cpp ("exceeds the available context size"), LM Studio ("context … overflows") and Ollama ("exceeds the context length").
const TOO_LONG = /maximum context length|exceeds? (?:the )?(?:available |maximum |model's )?(?:context|model length)|context (?:length|window|size) (?:is )?exceeded|context_length_exceeded|exceed_context_size|tokens when context.*overflows/i;

function failureOf(status: number, body: string): ServerFailure {
  const error = errorOf(body);
  const message = typeof error['message'] === 'string' ? error['message'] : `the backend answered ${String(status)} without a reason`;
  const code = typeof error['code'] === 'string' ? error['code'] : null;
  const param = typeof error['param'] === 'string' ? { param: error['param'] } : {};
  if (status >= 400 && status !== 429 && (TOO_LONG.test(message) || TOO_LONG.test(`${code ?? ''} ${String(error['type'])}`))) return { kind: 'invalid', code: 'context_length_exceeded', message, fault: 'request', ...param };
  if (status === 404) return { kind: 'not-found', code: code ?? 'model_not_found', message, fault: 'deployment', ...param };
  if (status === 429 || status === 503) return { kind: 'overloaded', code: 'backend_busy', message, fault: 'busy', retryAfterMs: 1000 };
  // 401 and 403 are between the gateway and that server: the client's key is not what was refused.
  if (status >= 400 && status < 500 && status !== 401 && status !== 403 && status !== 408) return { kind: 'invalid', code, message, fault: 'request', ...param };
  return { kind: 'upstream', code: 'backend_failed', message: `the backend answered ${String(status)}`, fault: 'deployment' };
}

function errorOf(body: string): Json {
  try {
    const json: unknown = JSON.parse(body);
    if (isObject(json)) return isObject(json['error']) ? json['error'] : typeof json['error'] === 'string' ? { message: json['error'] } : json;
  } catch {
    // Not JSON, so it says nothing.
  }
  return {};
}
