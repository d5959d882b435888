import { Body, parseBody } from '../dialect/body.ts';
import type { Json } from '../../json.ts';
import type { Ask, Order, Outcome, ReplyWriter, Share, Usage } from '../../exchange.ts';
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
import { usageBody, usageOfPrompts } from './usage.ts';

/** Reads `POST /v1/chat/completions`. */
export function readChatOrder(bytes: Buffer, nowMs: number): Outcome<Order> {
  return orderOf(bytes, (body) => {
    const modern = modernBody(body);
    const [Chunks, Completion] = modern === undefined ? [ChatChunks, ChatCompletion] : [LegacyChunks, LegacyCompletion];
    const read = readChatRequest(modern ?? body);
    if (!read.ok) return read;
    const { request, choices, ignored } = read.value;
    const { model, stream, includeUsage } = request;
    const asks = Array.from({ length: choices }, (_, choice): Ask => ({
      kind: 'chat',
      request: reseeded(request, choice),
    }));
    const given = { model, ignored };
    if (!stream)
      return wholeOrder(
        given,
        asks,
        answerHead('chatcmpl', 'chat.completion', model, nowMs),
        (index) => new Completion(index),
        usageBody,
        (gathered) => gathered.map(({ choice }) => choice),
      );
    const common = { head: answerHead('chatcmpl', 'chat.completion.chunk', model, nowMs), includeUsage };
    return {
      ok: true,
      value: {
        ...given,
        stream,
        shares: shares(asks, stream, (index) => new Chunks(common, index)),
        close: (usages) => streamEnding(common, usageBody(usages)),
      },
    };
  });
}

/** Reads `POST /v1/completions`: a choice for each prompt, or `n`. */
export function readCompletionOrder(bytes: Buffer, nowMs: number): Outcome<Order> {
  return orderOf(bytes, (body) => {
    const read = readCompletionRequest(body);
    if (!read.ok) return read;
    const { requests, choices, candidates, echo, hidesLogprobs, ignored } = read.value;
    const [first] = requests;
    const { model, stream, includeUsage } = first ?? { model: '', stream: false, includeUsage: false };
    const asks = requests.flatMap((request) =>
      Array.from({ length: candidates }, (_, choice): Ask => ({
        kind: 'completion',
        request: reseeded(request, choice),
      })),
    );
    const echoOf = (index: number): string => (echo ? (requests[Math.floor(index / candidates)]?.prompt ?? '') : '');
    const head = answerHead('cmpl', 'text_completion', model, nowMs);
    const usage = (usages: readonly Usage[]): Json => usageOfPrompts(usages, candidates);
    const given = { model, ignored };
    if (!stream) {
      const create = (index: number): TextCompletion =>
        new TextCompletion(index, { echo: echoOf(index), hidesLogprobs });
      return wholeOrder(given, asks, head, create, usage, (gathered) => bestOf(gathered, candidates, choices));
    }
    const common = { head, includeUsage };
    return {
      ok: true,
      value: {
        ...given,
        stream,
        shares: shares(asks, stream, (index) => new TextChunks(common, index, echoOf(index))),
        close: (usages) => streamEnding(common, usage(usages)),
      },
    };
  });
}

/** Reads `POST /v1/embeddings`. */
export function readEmbedOrder(bytes: Buffer): Outcome<Order> {
  return orderOf(bytes, (body) => {
    const read = readEmbedRequest(body);
    if (!read.ok) return read;
    const { request, ignored } = read.value;
    let last = new Embeddings(request);
    const share: Share = {
      asks: { kind: 'embed', request },
      stream: false,
      writer: () => (last = new Embeddings(request)),
    };
    return {
      ok: true,
      value: {
        model: request.model,
        stream: false,
        ignored,
        shares: [share],
        close: ([usage]) => last.body(usage ?? { promptTokens: 0, completionTokens: 0 }),
      },
    };
  });
}

function orderOf(bytes: Buffer, read: (body: Body) => Outcome<Order>): Outcome<Order> {
  const body = parseBody(bytes);
  return body instanceof Body ? read(body) : { ok: false, failure: body };
}

function shares(asks: readonly Ask[], stream: boolean, writer: (index: number) => ReplyWriter): readonly Share[] {
  return asks.map((ask, index) => ({ asks: ask, stream, writer: () => writer(index) }));
}

/** What gathers one choice of an answer that goes in one piece. */
interface Gatherer extends ReplyWriter {
  readonly choice: Json | undefined;
  readonly rest: Json;
}

function wholeOrder<G extends Gatherer>(
  given: Pick<Order, 'model' | 'ignored'>,
  asks: readonly Ask[],
  head: AnswerHead,
  create: (index: number) => G,
  usage: (usages: readonly Usage[]) => Json,
  choose: (gathered: readonly G[]) => readonly (Json | undefined)[],
): Outcome<Order> {
  // Of each share the writer of its last attempt.
  const gathered: G[] = [];
  const writer = (index: number): ReplyWriter => (gathered[index] = create(index));
  const close = (usages: readonly Usage[]): string =>
    JSON.stringify({ ...gathered[0]?.rest, ...head, choices: choose(gathered), usage: usage(usages) });
  return { ok: true, value: { ...given, stream: false, shares: shares(asks, false, writer), close } };
}
