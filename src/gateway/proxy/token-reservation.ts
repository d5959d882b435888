import type { ModelGroup } from '../../schema/gateway-config.ts';
import { priceOf, type Price } from '../../schema/price.ts';
import type { Endpoint, ParsedRequest, Subrequest } from '../client-dialect.ts';
import type { ContentPart, Message } from '../exchange.ts';
import type { RequestContext } from '../request-context.ts';
import { createDemand } from '../route/demand.ts';
import type { BudgetAmounts } from '../limits/spent-amounts.ts';
import { MESSAGE_FRAME, TOKEN_LENGTH } from './request-work.ts';

/** A request whose body is known. */
export interface LimitedRequest {
  readonly parsed: ParsedRequest;
  readonly group: ModelGroup;
  readonly endpoint: Endpoint;
}

/** The mean of an alias before its first answer. */
const UNKNOWN = createDemand(0);

/** The tokens that a request probably takes: its prompt, and `max_tokens` or, where less or unsaid, what its alias answers on average. */
export function averageTokens(
  { service, bodyBytes }: Pick<RequestContext, 'service' | 'bodyBytes'>,
  { parsed: { subrequests }, group: { name } }: { readonly parsed: ParsedRequest; readonly group: ModelGroup },
): number {
  const { estimateFactor, outTokens } = service.scheduler.fleet.demands.get(name) ?? UNKNOWN;
  let tokens = 0;
  for (const { request } of subrequests)
    tokens += promptTokensOf(request, bodyBytes) * estimateFactor + Math.min(outTokens, mostAnswered(request));
  return Math.ceil(tokens);
}

/** Answer of a request that says no length, of a model that has none either, tokens. */
const LONG_ANSWER = 8192;

/**
 * The most that a request may take of budgets: its prompt, and `max_tokens`, else `num_predict` of its model, else 8,192, at most what its
 * context has left; in money at the highest price.
 */
export function mostAmounts(
  { service, bodyBytes }: Pick<RequestContext, 'service' | 'bodyBytes'>,
  { parsed: { subrequests }, group }: { readonly parsed: ParsedRequest; readonly group: ModelGroup },
): BudgetAmounts {
  const { estimateFactor } = service.scheduler.fleet.demands.get(group.name) ?? UNKNOWN;
  const { predicted, context, price } = mostOf(group);
  let [prompts, answers] = [0, 0];
  for (const { request } of subrequests) {
    const prompt = Math.ceil(promptTokensOf(request, bodyBytes) * estimateFactor);
    const asked = mostAnswered(request);
    // A client that asks for no limit has none of its alias either.
    const longest = asksForNoLimit(request) ? Math.max(predicted, LONG_ANSWER) : predicted;
    prompts += prompt;
    answers += Math.min(asked === Infinity ? longest : asked, Math.max(1, context - prompt));
  }
  return { tokens: prompts + answers, money: prompts * price.input + answers * price.output };
}

/** The largest answer, context and price of the deployments of a model. */
interface Most {
  readonly predicted: number;
  readonly context: number;
  readonly price: Price;
}

/** A group is an object of its own until the configuration changes. */
const knownMost = new WeakMap<ModelGroup, Most>();

function mostOf(group: ModelGroup): Most {
  const known = knownMost.get(group);
  if (known !== undefined) return known;
  const { deployments } = group;
  const lengths = deployments.map(({ options }) => numberIn(options['num_predict']));
  const contexts = deployments.map(({ options }) => numberIn(options['num_ctx']));
  const prices = deployments.map(priceOf);
  const most = {
    predicted: lengths.every((length) => length > 0) ? Math.max(...lengths) : LONG_ANSWER,
    context: contexts.every((size) => size > 0) ? Math.max(...contexts) : Infinity,
    price: {
      input: Math.max(...prices.map(({ input }) => input)),
      output: Math.max(...prices.map(({ output }) => output)),
    },
  };
  knownMost.set(group, most);
  return most;
}

function numberIn(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** The `max_tokens` of a request. */
function mostAnswered(request: Subrequest['request']): number {
  return request.kind === 'chat' || request.kind === 'completion' ? (request.params.maxTokens ?? Infinity) : 0;
}

/** Whether a request has a `num_predict` below zero. */
function asksForNoLimit(request: Subrequest['request']): boolean {
  const isText = request.kind === 'chat' || request.kind === 'completion';
  return isText && request.params.sampling['num_predict'] !== undefined;
}

/** The estimated tokens of a prompt, without images, as routing estimates them. */
export function promptTokensOf(request: Subrequest['request'], bodyBytes: number): number {
  switch (request.kind) {
    case 'load':
      return 0;
    case 'embed':
      return request.params.input.reduce((sum, { length }) => sum + length, 0) / TOKEN_LENGTH;
    case 'completion':
      return (request.params.prompt.length + (request.params.suffix?.length ?? 0)) / TOKEN_LENGTH;
    case 'chat': {
      const { messages, tools } = request.params;
      return chatLength(messages, tools.length > 0 ? bodyBytes : 0) / TOKEN_LENGTH;
    }
  }
}

/** The characters of a chat. The definitions of tools are most of what else is in the body; `bodyBytes` is 0 without tools. */
function chatLength(messages: readonly Message[], bodyBytes: number): number {
  let length = 0;
  let imageLength = 0;
  for (const { parts } of messages)
    for (const part of parts) {
      length += part.text.length;
      imageLength += imagesLength(part);
    }
  return length + Math.max(0, bodyBytes - length - imageLength - messages.length * MESSAGE_FRAME);
}

function imagesLength({ images }: ContentPart): number {
  return images.reduce((sum, { length }) => sum + length, 0);
}
