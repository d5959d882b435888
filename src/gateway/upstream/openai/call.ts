import type { ChatRequest, CompletionRequest, EmbedRequest, Message, ServerEvent } from '../../exchange.ts';
import type { Json } from '../../json.ts';
import type { WireRequest } from '../wire-request.ts';
import { bodyText } from './body-text.ts';
import { openaiChatBody } from './chat-body.ts';
import { completionBody, goesAsItIs } from './completion-body.ts';
import { openaiEmbedBody, openaiEmbedDecoder } from './embed.ts';
import { asMissingCapability, openaiFailure } from './openai-failure.ts';
import { Interpreter, type HonouredParams } from './interpreter.ts';
import { replyReader, StreamReader } from './reader.ts';

/**
 * A chat for an OpenAI-compatible server: the client's request with the model's name there, or a translation if the client speaks
 * another dialect.
 */
export function openaiChat(request: ChatRequest, model: string, fields?: Json): WireRequest {
  const { original, stream } = request;
  return original === undefined
    ? interpreted('/chat/completions', openaiChatBody(request, model, fields), request)
    : passed('/chat/completions', original, stream, { model, fields });
}

/** A completion for an OpenAI-compatible server. */
export function openaiCompletion(request: CompletionRequest, model: string, fields?: Json): WireRequest {
  const { original, stream } = request;
  if (original !== undefined) return passed('/completions', original, stream, { model, fields });
  const heeded = { ...request, parallelCalls: true };
  if (goesAsItIs(request)) return interpreted('/completions', completionBody(request, model, fields), heeded);
  return interpreted('/chat/completions', openaiChatBody(asChat(request), model, fields), heeded);
}

/** Embeddings for an OpenAI-compatible server. */
export function openaiEmbed(request: EmbedRequest, model: string, fields?: Json): WireRequest {
  const { original, input } = request;
  if (original === undefined)
    return {
      path: '/embeddings',
      body: openaiEmbedBody(request, model, fields),
      read: (emit) => openaiEmbedDecoder(emit, input.length),
      fail: openaiFailure,
    };
  return {
    path: '/embeddings',
    body: bodyText({ ...original, model }, fields),
    read: (emit) => replyReader(emit, 'data'),
    fail: openaiFailure,
  };
}

function asChat(request: CompletionRequest): ChatRequest {
  const { prompt, system, images = [], format } = request;
  const messages = [
    ...(system === undefined ? [] : [messageOf('system', system, [])]),
    messageOf('user', prompt, images),
  ];
  return { ...request, messages, tools: [], mustCall: false, parallelCalls: true, format };
}

function messageOf(role: Message['role'], text: string, images: readonly string[]): Message {
  return { role, parts: [{ images, text }], thinking: undefined, toolCalls: [], answers: undefined };
}

// Usage is always asked for, and each of several choices is a request of its own.
function passed(
  path: string,
  original: Readonly<Record<string, unknown>>,
  stream: boolean,
  { model, fields }: { readonly model: string; readonly fields: Json | undefined },
): WireRequest {
  const { stream_options: _options, n: _n, best_of: _best, ...rest } = original;
  const own = {
    ...rest,
    model,
    ...(stream ? { stream_options: { include_usage: true } } : {}),
  };
  const body = bodyText(own, fields);
  return {
    path,
    body,
    read: (emit) => (stream ? new StreamReader(emit) : replyReader(emit, 'choices')),
    fail: openaiFailure,
  };
}

function interpreted(path: string, body: string, heeded: HonouredParams): WireRequest {
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
    fail: (status, answer) => asMissingCapability(openaiFailure(status, answer)),
  };
}
