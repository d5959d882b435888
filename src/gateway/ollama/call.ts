import type { ChatRequest, EmbedRequest, ServerCall, ServerFailure } from '../exchange.ts';
import { chatBody, type Keeping } from './chat-body.ts';
import { ChatReader } from './chat-reader.ts';
import { embedBody, EmbedReader } from './embed.ts';
import { failureOf } from './failure.ts';

/** A chat, as Ollama's native API has it. */
export function chatCall(request: ChatRequest, keeping: Keeping): ServerCall {
  return { path: '/api/chat', body: chatBody(request, keeping), read: (emit) => new ChatReader(emit, request.maxTokens === 0), fail: failureOf };
}

/** Embeddings, as Ollama's native API has them. */
export function embedCall(request: EmbedRequest, keeping: Keeping): ServerCall {
  return { path: '/api/embed', body: embedBody(request, keeping), read: (emit) => new EmbedReader(emit, request.input.length), fail: (status, answer) => asInput(failureOf(status, answer)) };
}

// A prompt that is too long is called by its name in the request.
function asInput(failure: ServerFailure): ServerFailure {
  return failure.param === 'messages' ? { ...failure, param: 'input' } : failure;
}
