import type { ChatRequest, CompletionRequest, EmbedRequest, ServerCall, ServerFailure } from '../../exchange.ts';
import { AnswerLines } from './answer-lines.ts';
import { chatBody } from './chat-body.ts';
import { embedBody, embedReader } from './embed.ts';
import { failureOf } from './failure.ts';
import { generateBody } from './generate-body.ts';
import type { Keeping } from './options.ts';

/** A chat, as Ollama's native API has it. */
export function chatCall(request: ChatRequest, keeping: Keeping): ServerCall {
  return {
    path: '/api/chat',
    body: chatBody(request, keeping),
    read: (emit) => new AnswerLines(emit, { ...request, within: 'message', text: 'content' }),
    fail: failureOf,
  };
}

/** A completion, as Ollama's native API has it. */
export function completionCall(request: CompletionRequest, keeping: Keeping): ServerCall {
  const read: ServerCall['read'] = (emit) =>
    new AnswerLines(emit, {
      ...request,
      parallelCalls: true,
      callSchema: undefined,
      within: undefined,
      text: 'response',
      contextOf: keeping.model,
    });
  return {
    path: '/api/generate',
    body: generateBody(request, keeping),
    read,
    fail: (status, answer) => called(failureOf(status, answer), 'prompt'),
  };
}

/** Embeddings, as Ollama's native API has them. */
export function embedCall(request: EmbedRequest, keeping: Keeping): ServerCall {
  return {
    path: request.plain === true ? '/api/embeddings' : '/api/embed',
    body: embedBody(request, keeping),
    read: (emit) => embedReader(emit, request.input.length),
    fail: (status, answer) => called(failureOf(status, answer), 'input'),
  };
}

// What is too long is called by its name in the request.
function called(failure: ServerFailure, name: string): ServerFailure {
  return failure.param === 'messages' ? { ...failure, param: name } : failure;
}
