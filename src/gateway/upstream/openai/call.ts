import type { ChatRequest, CompletionRequest, EmbedRequest, Message, ServerCall, ServerEvent } from '../../exchange.ts';
import { chatBody } from './chat-body.ts';
import { completionBody, goesAsItIs } from './completion-body.ts';
import { embedBody, embedReader } from './embed.ts';
import { asLack, failureOf } from './failure.ts';
import { Interpreter, type Heeded } from './interpreter.ts';
import { replyReader, StreamReader } from './reader.ts';

/** A chat for a server that speaks OpenAI itself: the request as it came, with the model's name there, or written for it where its client speaks another dialect. */
export function chatCall(request: ChatRequest, model: string): ServerCall {
  const { original, stream } = request;
  return original === undefined
    ? interpreted('/chat/completions', chatBody(request, model), request)
    : passed('/chat/completions', original, stream, model);
}

/** A completion for a server that speaks OpenAI itself. */
export function completionCall(request: CompletionRequest, model: string): ServerCall {
  const { original, stream } = request;
  if (original !== undefined) return passed('/completions', original, stream, model);
  const heeded = { ...request, parallelCalls: true };
  if (goesAsItIs(request)) return interpreted('/completions', completionBody(request, model), heeded);
  return interpreted('/chat/completions', chatBody(asChat(request), model), heeded);
}

/** Embeddings for a server that speaks OpenAI itself. */
export function embedCall(request: EmbedRequest, model: string): ServerCall {
  const { original, input } = request;
  if (original === undefined)
    return {
      path: '/embeddings',
      body: embedBody(request, model),
      read: (emit) => embedReader(emit, input.length),
      fail: failureOf,
    };
  return {
    path: '/embeddings',
    body: JSON.stringify({ ...original, model }),
    read: (emit) => replyReader(emit, 'data'),
    fail: failureOf,
  };
}

function asChat(request: CompletionRequest): ChatRequest {
  const { prompt, system, images = [], format } = request;
  const messages = [
    ...(system === undefined ? [] : [messageOf('system', system, [])]),
    messageOf('user', prompt, images),
  ];
  return { ...request, messages, tools: [], mustCall: false, callSchema: undefined, parallelCalls: true, format };
}

function messageOf(role: Message['role'], text: string, images: readonly string[]): Message {
  return { role, text, images, thinking: undefined, toolCalls: [], answers: undefined };
}

// Usage is always asked for, and of several choices each is asked for by itself.
function passed(path: string, original: Readonly<Record<string, unknown>>, stream: boolean, model: string): ServerCall {
  const { stream_options: _options, n: _n, best_of: _best, ...rest } = original;
  const body = JSON.stringify({ ...rest, model, ...(stream ? { stream_options: { include_usage: true } } : {}) });
  return {
    path,
    body,
    read: (emit) => (stream ? new StreamReader(emit) : replyReader(emit, 'choices')),
    fail: failureOf,
  };
}

function interpreted(path: string, body: string, heeded: Heeded): ServerCall {
  return {
    path,
    body,
    read: (emit) => {
      const interpreter = new Interpreter(emit, heeded);
      const take = (event: ServerEvent): void => {
        interpreter.take(event);
      };
      return heeded.stream ? new StreamReader(take) : replyReader(take, 'choices');
    },
    fail: (status, answer) => asLack(failureOf(status, answer)),
  };
}
