import type { Order, Outcome } from '../exchange.ts';
import { Body, parseBody } from './body.ts';
import { ChatChunks } from './chat-chunks.ts';
import { ChatCompletion } from './chat-completion.ts';
import { readChatRequest } from './chat-request.ts';
import { readEmbedRequest } from './embed-request.ts';
import { Embeddings } from './embeddings.ts';
import { answerHead } from './head.ts';

/** Reads `POST /v1/chat/completions`. */
export function readChatOrder(bytes: Buffer, nowMs: number): Outcome<Order> {
  const body = parseBody(bytes);
  if (!(body instanceof Body)) return { ok: false, failure: body };
  const read = readChatRequest(body);
  if (!read.ok) return read;
  const request = read.value;
  const head = answerHead(request.model, nowMs);
  const writer = request.stream ? (): ChatChunks => new ChatChunks(head, request.includeUsage) : (): ChatCompletion => new ChatCompletion(head);
  return { ok: true, value: { asks: { kind: 'chat', request }, stream: request.stream, writer } };
}

/** Reads `POST /v1/embeddings`. */
export function readEmbedOrder(bytes: Buffer): Outcome<Order> {
  const body = parseBody(bytes);
  if (!(body instanceof Body)) return { ok: false, failure: body };
  const read = readEmbedRequest(body);
  if (!read.ok) return read;
  return { ok: true, value: { asks: { kind: 'embed', request: read.value }, stream: false, writer: () => new Embeddings(read.value) } };
}
