import type { ModelGroup } from '../../schema/gateway-config.ts';
import type { Subrequest } from '../client-dialect.ts';
import type { ChatRequest, Message } from '../exchange.ts';
import type { RequestContext } from '../request-context.ts';
import type { SlotRequest } from '../route/event.ts';
import type { PrefixLink, Work } from '../route/work.ts';
import type { WorkCaller } from './caller.ts';

/** Characters of a token, before the model's own factor is learned. */
export const TOKEN_LENGTH = 4;
/** Of a longer text the beginning and the end are hashed, characters. */
const MOST_HASHED = 2048;
/** The same for the texts behind so many characters of a conversation: 10,000 messages of 800 characters would take 40 ms. */
const MOST_HASHED_LATE = 128;
const LATE_LENGTH = 256 * 1024;
/** Of the tokens of an earlier response so many are hashed. */
const MOST_CONTEXT = 64;
/** Names, quotation marks and brackets of a message in a body, characters. */
export const MESSAGE_FRAME = 40;

/** A batch waits for at least so long, ms. */
const BATCH_WAIT_MS = 240_000;

type Request = Subrequest['request'];

/** How long a request may wait for a slot, loads not counted, ms. */
export function longestWaitMs({ mostWaitMs }: { readonly mostWaitMs: number }, { batch }: Work): number {
  return mostWaitMs === 0 ? Number.POSITIVE_INFINITY : Math.max(mostWaitMs, batch ? BATCH_WAIT_MS : 0);
}

/** The work of a request, as routing counts it: sizes and hashes, and no content. */
export function workOf({ bodyBytes }: Pick<RequestContext, 'bodyBytes'>, request: Request, caller: WorkCaller): Work {
  if (request.kind === 'chat') return { ...caller, ...chatWork(request.params, bodyBytes) };
  if (request.kind === 'completion') {
    const { prompt, suffix = '', system = '', context = [], images = [], maxTokens } = request.params;
    // The model reads the text and the tokens before a prompt as well.
    const tokens = context.length + (system.length + prompt.length + suffix.length) / TOKEN_LENGTH;
    const end = context.slice(-MOST_CONTEXT).join(' ');
    const before = system === '' && context.length === 0 ? 0 : hashOf(end, hashOf(system, context.length));
    const prefix = [{ hash: hashOf(prompt, before), tokens }];
    return { ...caller, promptTokens: tokens, maxTokens, prefix, startsWhenRead: images.length === 0 };
  }
  const length = request.kind === 'embed' ? request.params.input.reduce((sum, text) => sum + text.length, 0) : 0;
  return { ...caller, promptTokens: length / TOKEN_LENGTH, maxTokens: 0, prefix: [] };
}

function chatWork(
  { messages, tools, maxTokens }: Pick<ChatRequest, 'messages' | 'tools' | 'maxTokens'>,
  bodyBytes: number,
): Pick<Work, 'promptTokens' | 'maxTokens' | 'prefix' | 'startsWhenRead'> {
  const prefix: PrefixLink[] = [];
  let hash = tools.length;
  for (const { name } of tools) hash = hashOf(name, hash);
  let length = 0;
  let imageLength = 0;
  for (const message of messages) {
    hash = hashOf(message.role, hash);
    for (const { text, images } of message.parts) {
      // It depends on the earlier texts alone, so that a longer conversation has the links of the shorter one.
      const mostHashed = length + imageLength < LATE_LENGTH ? MOST_HASHED : MOST_HASHED_LATE;
      hash = hashOf(text, hash, mostHashed);
      length += text.length;
      for (const image of images) {
        hash = hashOf(image, hash, mostHashed);
        imageLength += image.length;
      }
    }
    hash = hashCalls(message, hash);
    prefix.push({ hash, tokens: length / TOKEN_LENGTH });
  }
  // Tools stand before the messages, and their definitions are most of what else is in the body.
  const rest = tools.length === 0 ? 0 : bodyBytes - length - imageLength - messages.length * MESSAGE_FRAME;
  const toolTokens = Math.max(0, rest) / TOKEN_LENGTH;
  if (toolTokens > 0)
    for (const [index, link] of prefix.entries()) prefix[index] = { ...link, tokens: link.tokens + toolTokens };
  // The arguments of earlier calls are read and not counted.
  const hasCalls = messages.some(({ toolCalls }) => toolCalls.length > 0);
  const startsWhenRead = tools.length === 0 && imageLength === 0 && !hasCalls;
  return { promptTokens: length / TOKEN_LENGTH + toolTokens, maxTokens, prefix, startsWhenRead };
}

function hashCalls({ toolCalls, answers }: Message, seed: number): number {
  let hash = seed;
  for (const { name, id } of toolCalls) hash = hashOf(id, hashOf(name, hash));
  return answers?.id === undefined ? hash : hashOf(answers.id, hash);
}

/** A number of 53 bits for a text behind others, of which `seed` is the number: FNV-1a in two lanes. */
function hashOf(text: string, seed: number, mostHashed = MOST_HASHED): number {
  let high = Math.floor(seed / 2 ** 32) ^ 0x9dc5;
  let low = (seed >>> 0) ^ 0x811c9dc5 ^ text.length;
  const leftOutAt = text.length <= mostHashed ? text.length : mostHashed / 2;
  for (let index = 0; index < text.length; index += 1) {
    if (index === leftOutAt) index = text.length - mostHashed / 2;
    const code = text.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    // As an integer of 32 bits: a float takes three times as long.
    high = (Math.imul(high ^ code, 0x5bd1e995) + low) | 0;
  }
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
}

/**
 * The request for a slot on one of the deployments of a model, with the state of its earlier attempts. `insideMs`: the time inside
 * servers from which it was recalled, which is no wait for a slot.
 */
export function slotRequestOf(
  { service, startedMs }: Pick<RequestContext, 'service' | 'startedMs'>,
  stream: boolean,
  { name, deployments }: ModelGroup,
  work: Work,
  {
    insideMs,
    ...state
  }: Pick<SlotRequest, 'tried' | 'isRetry' | 'sinceMs' | 'loadedMs'> & { readonly insideMs: number },
): SlotRequest {
  return {
    queue: name,
    deployments: deployments.map(({ id }) => id),
    maxWaitMs: longestWaitMs(service.config.queue, work) + insideMs,
    untilMs: startedMs + service.upstream.longestMs(stream, deployments),
    work,
    ...state,
  };
}
