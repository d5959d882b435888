import type { ChatRequest, CompletionRequest, EmbedRequest, ServerFailure } from '../../exchange.ts';
import type { WireRequest } from '../wire-request.ts';
import { AnswerLines } from './answer-lines.ts';
import { ollamaChatBody } from './chat-body.ts';
import { ollamaEmbedBody, ollamaEmbedDecoder } from './embed.ts';
import { ollamaFailure } from './ollama-failure.ts';
import { generateBody } from './generate-body.ts';
import type { AliasSettings } from './options.ts';
import { callsInGrammar } from './schema.ts';

/** A chat, in Ollama's native API. */
export function ollamaChat(request: ChatRequest, settings: AliasSettings): WireRequest {
  return {
    path: '/api/chat',
    body: ollamaChatBody(request, settings),
    read: (emit) => {
      const { stop, maxTokens, parallelCalls } = request;
      const calls = callsInGrammar(request);
      return new AnswerLines(emit, { stop, maxTokens, parallelCalls, calls, within: 'message', text: 'content' });
    },
    fail: ollamaFailure,
  };
}

/** A completion, in Ollama's native API. */
export function ollamaCompletion(request: CompletionRequest, settings: AliasSettings): WireRequest {
  const read: WireRequest['read'] = (emit) =>
    new AnswerLines(emit, {
      ...request,
      parallelCalls: true,
      within: undefined,
      text: 'response',
      contextOf: settings.model,
    });
  return {
    path: '/api/generate',
    body: generateBody(request, settings),
    read,
    fail: (status, answer) => called(ollamaFailure(status, answer), 'prompt'),
  };
}

/** Embeddings, in Ollama's native API. */
export function ollamaEmbed(request: EmbedRequest, settings: AliasSettings): WireRequest {
  return {
    path: request.plain === true ? '/api/embeddings' : '/api/embed',
    body: ollamaEmbedBody(request, settings),
    read: (emit) => ollamaEmbedDecoder(emit, request.input.length),
    fail: (status, answer) => called(ollamaFailure(status, answer), 'input'),
  };
}

// The parameter that is too long, by its name in the request.
function called(failure: ServerFailure, name: string): ServerFailure {
  return failure.param === 'messages' ? { ...failure, param: name } : failure;
}
