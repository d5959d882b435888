import { Body, parseBody } from '../dialect/body.ts';
import type { Json } from '../../json.ts';
import type { ParsedRequest, ResponseEncoder, Subrequest } from '../../client-dialect.ts';
import type { ModelRequest, FailureOr, Usage } from '../../exchange.ts';
import { bestOf } from './best-of.ts';
import { ChatChunks } from './chat-chunks.ts';
import { ChatCompletion } from './chat-completion.ts';
import { readChatRequest } from './chat-request.ts';
import { readCompletionRequest } from './completion-request.ts';
import { readEmbedRequest } from './embed-request.ts';
import { Embeddings } from './embeddings.ts';
import { streamEnding } from './ending.ts';
import { answerHead, type AnswerHead } from './head.ts';
import { LegacyChunks, LegacyCompletion } from './legacy-call.ts';
import { modernBody } from './legacy-functions.ts';
import { reseeded } from './sampling.ts';
import { TextChunks } from './text-chunks.ts';
import { TextCompletion } from './text-completion.ts';
import { completionUsage, usageOfPrompts } from './usage.ts';

/** Reads `POST /v1/chat/completions`. */
export function readChat(bytes: Buffer, nowMs: number): FailureOr<ParsedRequest> {
  return parsedRequestOf(bytes, (body) => {
    const modern = modernBody(body);
    const [Chunks, Completion] = modern === undefined ? [ChatChunks, ChatCompletion] : [LegacyChunks, LegacyCompletion];
    const read = readChatRequest(modern ?? body);
    if (!read.ok) return read;
    const { request, choices, ignoredParams } = read.value;
    const { model, stream, includeUsage } = request;
    const requests = Array.from({ length: choices }, (_, choice): ModelRequest => ({
      kind: 'chat',
      params: reseeded(request, choice),
    }));
    const given = { model, ignoredParams };
    if (!stream)
      return wholeRequest(
        given,
        requests,
        answerHead('chatcmpl', 'chat.completion', model, nowMs),
        (index) => new Completion(index),
        completionUsage,
        (gathered) => gathered.map(({ choice }) => choice),
      );
    const common = { head: answerHead('chatcmpl', 'chat.completion.chunk', model, nowMs), includeUsage };
    return {
      ok: true,
      value: {
        ...given,
        stream,
        subrequests: subrequests(requests, stream, (index) => new Chunks(common, index)),
        close: (usages) => streamEnding(common, completionUsage(usages)),
      },
    };
  });
}

/** Reads `POST /v1/completions`: a choice for each prompt, or `n`. */
export function readCompletion(bytes: Buffer, nowMs: number): FailureOr<ParsedRequest> {
  return parsedRequestOf(bytes, (body) => {
    const read = readCompletionRequest(body);
    if (!read.ok) return read;
    const { requests, choices, candidates, echo, hidesLogprobs, ignoredParams } = read.value;
    const [first] = requests;
    const { model, stream, includeUsage } = first ?? { model: '', stream: false, includeUsage: false };
    const modelRequests = requests.flatMap((request) =>
      Array.from({ length: candidates }, (_, choice): ModelRequest => ({
        kind: 'completion',
        params: reseeded(request, choice),
      })),
    );
    const echoOf = (index: number): string => (echo ? (requests[Math.floor(index / candidates)]?.prompt ?? '') : '');
    const head = answerHead('cmpl', 'text_completion', model, nowMs);
    const usage = (usages: readonly Usage[]): Json => usageOfPrompts(usages, candidates);
    const given = { model, ignoredParams };
    if (!stream) {
      const create = (index: number): TextCompletion =>
        new TextCompletion(index, { echo: echoOf(index), hidesLogprobs });
      return wholeRequest(given, modelRequests, head, create, usage, (gathered) =>
        bestOf(gathered, candidates, choices),
      );
    }
    const common = { head, includeUsage };
    return {
      ok: true,
      value: {
        ...given,
        stream,
        subrequests: subrequests(modelRequests, stream, (index) => new TextChunks(common, index, echoOf(index))),
        close: (usages) => streamEnding(common, usage(usages)),
      },
    };
  });
}

/** Reads `POST /v1/embeddings`. */
export function readEmbeddings(bytes: Buffer): FailureOr<ParsedRequest> {
  return parsedRequestOf(bytes, (body) => {
    const read = readEmbedRequest(body);
    if (!read.ok) return read;
    const { request: params, ignoredParams } = read.value;
    let last = new Embeddings(params);
    const subrequest: Subrequest = {
      request: { kind: 'embed', params },
      stream: false,
      encoder: () => (last = new Embeddings(params)),
    };
    return {
      ok: true,
      value: {
        model: params.model,
        stream: false,
        ignoredParams,
        subrequests: [subrequest],
        close: ([usage]) => last.body(usage ?? { promptTokens: 0, completionTokens: 0 }),
      },
    };
  });
}

function parsedRequestOf(bytes: Buffer, read: (body: Body) => FailureOr<ParsedRequest>): FailureOr<ParsedRequest> {
  const body = parseBody(bytes);
  return body instanceof Body ? read(body) : { ok: false, failure: body };
}

function subrequests(
  requests: readonly ModelRequest[],
  stream: boolean,
  encoder: (index: number) => ResponseEncoder,
): readonly Subrequest[] {
  return requests.map((request, index) => ({ request, stream, encoder: () => encoder(index) }));
}

/** What gathers one choice of an answer that goes in one piece. */
interface Gatherer extends ResponseEncoder {
  readonly choice: Json | undefined;
  readonly rest: Json;
}

function wholeRequest<G extends Gatherer>(
  given: Pick<ParsedRequest, 'model' | 'ignoredParams'>,
  requests: readonly ModelRequest[],
  head: AnswerHead,
  create: (index: number) => G,
  usage: (usages: readonly Usage[]) => Json,
  choose: (gathered: readonly G[]) => readonly (Json | undefined)[],
): FailureOr<ParsedRequest> {
  // Of each share the writer of its last attempt.
  const gathered: G[] = [];
  const encoder = (index: number): ResponseEncoder => (gathered[index] = create(index));
  const close = (usages: readonly Usage[]): string =>
    JSON.stringify({ ...gathered[0]?.rest, ...head, choices: choose(gathered), usage: usage(usages) });
  return { ok: true, value: { ...given, stream: false, subrequests: subrequests(requests, false, encoder), close } };
}
