import { readControlled } from '../dialect/litellm-params.ts';
import { readOrPass } from '../dialect/body.ts';
import { passedChat, passedCompletion, passedEmbedding } from './passed-request.ts';
import type { Json } from '../../json.ts';
import type { ParsedRequest, ParseResult, ResponseEncoder, Subrequest } from '../../client-dialect.ts';
import type { ModelRequest, FailureOr, Usage } from '../../exchange.ts';
import { bestOf } from './best-of.ts';
import { ChatChunks } from './chat-chunks.ts';
import { ChatCompletion } from './chat-completion.ts';
import { readChatRequest } from './chat-request.ts';
import { readCompletionRequest } from './completion-request.ts';
import { readEmbedRequest } from './embed-request.ts';
import { Embeddings } from './embeddings.ts';
import { streamEnd } from './stream-end.ts';
import { newCompletionHead, type CompletionHead } from './completion-head.ts';
import { LegacyChunks, LegacyCompletion } from './legacy-call.ts';
import { modernBody } from './legacy-functions.ts';
import { reseeded } from './sampling.ts';
import { TextChunks } from './text-chunks.ts';
import { TextCompletion } from './text-completion.ts';
import { completionUsage, usageOfPrompts } from './usage.ts';

/** Reads `POST /v1/chat/completions`. */
export function readChat(bytes: Buffer, nowMs: number, named?: string): ParseResult {
  return readControlled(bytes, { model: named, hasText: true }, (body) => {
    const modern = modernBody(body);
    const Chunks = modern === undefined ? ChatChunks : LegacyChunks;
    const Completion = modern === undefined ? ChatCompletion : LegacyCompletion;
    const chat = modern ?? body;
    const read = readOrPass(
      () => readChatRequest(chat),
      () => passedChat(chat),
    );
    if (!read.ok) return read;
    const { request, choices, customTools, ignoredParams, runner, translationFailure } = read.value;
    const { model, stream, includeUsage } = request;
    const requests: ModelRequest[] = [];
    for (let choice = 0; choice < choices; choice += 1)
      requests.push({ kind: 'chat', params: reseeded(request, choice) });
    const common = { model, ignoredParams, runner, translationFailure };
    if (!stream)
      return wholeRequest(
        common,
        requests,
        newCompletionHead('chatcmpl', 'chat.completion', model, nowMs),
        (index) => new Completion(index, customTools),
        completionUsage,
        (encoders) => encoders.map(({ choice }) => choice),
      );
    const streamInfo = { head: newCompletionHead('chatcmpl', 'chat.completion.chunk', model, nowMs), includeUsage };
    return {
      ok: true,
      value: {
        ...common,
        stream,
        subrequests: subrequests(requests, stream, (index) => new Chunks(streamInfo, index, customTools)),
        close: (usages) => streamEnd(streamInfo, completionUsage(usages)),
      },
    };
  });
}

/** Reads `POST /v1/completions`: one choice for each prompt, or `n`. */
export function readCompletion(bytes: Buffer, nowMs: number, named?: string): ParseResult {
  return readControlled(bytes, { model: named, hasText: true }, (body) => {
    const read = readOrPass(
      () => readCompletionRequest(body),
      () => passedCompletion(body),
    );
    if (!read.ok) return read;
    const { requests, choices, candidates, echo, hidesLogprobs, ignoredParams, runner, translationFailure } =
      read.value;
    const [first] = requests;
    const { model, stream, includeUsage } = first ?? { model: '', stream: false, includeUsage: false };
    const modelRequests = requests.flatMap((request) =>
      Array.from({ length: candidates }, (_, choice): ModelRequest => ({
        kind: 'completion',
        params: reseeded(request, choice),
      })),
    );
    const echoOf = (index: number): string => (echo ? (requests[Math.floor(index / candidates)]?.prompt ?? '') : '');
    const head = newCompletionHead('cmpl', 'text_completion', model, nowMs);
    const usage = (usages: readonly Usage[]): Json => usageOfPrompts(usages, candidates);
    const common = { model, ignoredParams, runner, translationFailure };
    if (!stream) {
      const newEncoder = (index: number): TextCompletion =>
        new TextCompletion(index, { echo: echoOf(index), hidesLogprobs });
      return wholeRequest(common, modelRequests, head, newEncoder, usage, (encoders) =>
        bestOf(encoders, candidates, choices),
      );
    }
    const streamInfo = { head, includeUsage };
    return {
      ok: true,
      value: {
        ...common,
        stream,
        subrequests: subrequests(modelRequests, stream, (index) => new TextChunks(streamInfo, index, echoOf(index))),
        close: (usages) => streamEnd(streamInfo, usage(usages)),
      },
    };
  });
}

/** Reads `POST /v1/embeddings`. */
export function readEmbeddings(bytes: Buffer, _nowMs?: number, named?: string): ParseResult {
  return readControlled(bytes, { model: named, hasText: false }, (body) => {
    const read = readOrPass(
      () => readEmbedRequest(body),
      () => passedEmbedding(body),
    );
    if (!read.ok) return read;
    const { request: params, ignoredParams, runner, translationFailure } = read.value;
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
        translationFailure,
        stream: false,
        ignoredParams,
        runner,
        subrequests: [subrequest],
        close: ([usage]) => last.body(usage ?? { promptTokens: 0, completionTokens: 0 }),
        closeInPieces: ([usage]) => last.bodyInPieces(usage ?? { promptTokens: 0, completionTokens: 0 }),
      },
    };
  });
}

function subrequests(
  requests: readonly ModelRequest[],
  stream: boolean,
  encoder: (index: number) => ResponseEncoder,
): readonly Subrequest[] {
  return requests.map((request, index) => ({ request, stream, encoder: () => encoder(index) }));
}

/** An encoder that collects one choice of a response that is not streamed. */
interface ChoiceCollector extends ResponseEncoder {
  readonly choice: Json | undefined;
  readonly rest: Json;
}

function wholeRequest<G extends ChoiceCollector>(
  common: Pick<ParsedRequest, 'model' | 'ignoredParams' | 'runner' | 'translationFailure'>,
  requests: readonly ModelRequest[],
  head: CompletionHead,
  newEncoder: (index: number) => G,
  usage: (usages: readonly Usage[]) => Json,
  choose: (encoders: readonly G[]) => readonly (Json | undefined)[],
): FailureOr<ParsedRequest> {
  // The encoder of the last attempt of each subrequest.
  const encoders: G[] = [];
  const encoder = (index: number): ResponseEncoder => (encoders[index] = newEncoder(index));
  const close = (usages: readonly Usage[]): string =>
    JSON.stringify({ ...encoders[0]?.rest, ...head, choices: choose(encoders), usage: usage(usages) });
  return { ok: true, value: { ...common, stream: false, subrequests: subrequests(requests, false, encoder), close } };
}
