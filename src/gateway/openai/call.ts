import type { ChatRequest, EmbedRequest, ServerCall, ServerFailure } from '../exchange.ts';
import { isObject, type Json } from './body.ts';
import { ReplyReader, StreamReader } from './server-reader.ts';

/** A chat for a server that speaks OpenAI itself: the request as it came, with the model's name there; usage is always asked for. */
export function chatCall(request: ChatRequest, model: string): ServerCall {
  const { stream_options: _options, ...original } = request.original;
  const body = JSON.stringify({ ...original, model, ...(request.stream ? { stream_options: { include_usage: true } } : {}) });
  return { path: '/chat/completions', body, read: (emit) => (request.stream ? new StreamReader(emit) : new ReplyReader(emit)), fail: failureOf };
}

/** Embeddings for a server that speaks OpenAI itself. */
export function embedCall(request: EmbedRequest, model: string): ServerCall {
  return { path: '/embeddings', body: JSON.stringify({ ...request.original, model }), read: (emit) => new ReplyReader(emit), fail: failureOf };
}

function failureOf(status: number, body: string): ServerFailure {
  const error = errorOf(body);
  const message = typeof error['message'] === 'string' ? error['message'] : `the backend answered ${String(status)} without a reason`;
  const code = typeof error['code'] === 'string' ? error['code'] : null;
  const param = typeof error['param'] === 'string' ? { param: error['param'] } : {};
  if (status === 404) return { kind: 'not-found', code: code ?? 'model_not_found', message, fault: 'deployment', ...param };
  if (status === 429 || status === 503) return { kind: 'overloaded', code: 'backend_busy', message, fault: 'busy', retryAfterMs: 1000 };
  // 401 and 403 are between the gateway and that server: the client's key is not what was refused.
  if (status >= 400 && status < 500 && status !== 401 && status !== 403 && status !== 408) return { kind: 'invalid', code, message, fault: 'request', ...param };
  return { kind: 'upstream', code: 'backend_failed', message: `the backend answered ${String(status)}`, fault: 'deployment' };
}

function errorOf(body: string): Json {
  try {
    const json: unknown = JSON.parse(body);
    if (isObject(json)) return isObject(json['error']) ? json['error'] : json;
  } catch {
    // Not JSON, so it says nothing.
  }
  return {};
}
