import type { Body } from '../dialect/body.ts';
import { readModel, readStopList } from '../dialect/sampling.ts';
import type { ChatRequest, FailureOr } from '../../exchange.ts';
import { readConversation } from './conversation.ts';
import type { MessageHead } from './head.ts';
import { ignoredMessageParams } from './ignored.ts';
import { readFormat, readThinkingConfig } from './thinking.ts';
import { readMessageTools } from './tools.ts';

/** A request for a message, as read. */
export interface MessageReading {
  readonly request: ChatRequest;
  /** Whether its client wants a stream; servers are always asked for one. */
  readonly stream: boolean;
  readonly maxTokens: number;
  readonly thinking: MessageHead['thinking'];
  /** What of it nobody honours. */
  readonly ignoredParams: readonly string[];
}

/** Reads the body of `POST /v1/messages`; `counting`: of `count_tokens`, which asks for no answer. */
export function readMessageRequest(body: Body, counting: boolean): FailureOr<MessageReading> {
  const stream = body.flag('stream') ?? false;
  const ignoredParams = new Set<string>();
  const maxTokens = readMaxTokens(body, counting);
  const { shown, ...thought } = readThinkingConfig(body, ignoredParams);
  const stop = readStops(body);
  const request: ChatRequest = {
    model: readModel(body),
    messages: readConversation(body, ignoredParams),
    ...readMessageTools(body, ignoredParams),
    format: readFormat(body, ignoredParams),
    sampling: readSampling(body),
    stop,
    ...(stop.length === 0 ? {} : { namesStop: true }),
    maxTokens,
    ...thought,
    logprobs: undefined,
    stream: true,
    includeUsage: true,
    original: undefined,
  };
  const value = {
    request,
    stream,
    maxTokens,
    thinking: shown,
    ignoredParams: ignoredMessageParams(body, ignoredParams),
  };
  return body.failure === undefined ? { ok: true, value } : { ok: false, failure: body.failure };
}

function readMaxTokens(body: Body, counting: boolean): number {
  const given = body.whole('max_tokens', 0);
  if (given === undefined && !counting) body.refuse('max_tokens', 'max_tokens: Field required');
  return given ?? 0;
}

function readStops(body: Body): readonly string[] {
  return readStopList(
    body,
    body.list('stop_sequences') ?? [],
    'stop_sequences',
    'stop_sequences: Input should be a list of strings',
  );
}

function readSampling(body: Body): Readonly<Record<string, number>> {
  const [temperature, topP, topK] = [
    body.number('temperature', 0, 2),
    body.number('top_p', 0, 1),
    body.whole('top_k', 0),
  ];
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(topK === undefined ? {} : { top_k: topK }),
  };
}
