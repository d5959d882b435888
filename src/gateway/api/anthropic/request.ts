import type { Body } from '../dialect/body.ts';
import { readModel, readStopList } from '../dialect/sampling.ts';
import type { ChatRequest, FailureOr } from '../../exchange.ts';
import { readConversation } from './conversation.ts';
import type { MessageHead } from './message-body.ts';
import { ignoredMessageParams } from './ignored-params.ts';
import { readFormat, readThinkingConfig } from './thinking.ts';
import { readMessageTools } from './tools.ts';

/** A parsed messages request. */
export interface MessageReading {
  readonly request: ChatRequest;
  /** Whether the client requested a stream; backends always get a streaming request. */
  readonly stream: boolean;
  readonly maxTokens: number;
  readonly thinking: MessageHead['thinking'];
  /** Parameters that Ollama does not support. */
  readonly ignoredParams: readonly string[];
}

/** Reads the body of `POST /v1/messages`, or of `count_tokens` if `counting` is set; `max_tokens` is then optional. */
export function readMessageRequest(body: Body, counting: boolean): FailureOr<MessageReading> {
  const stream = body.flag('stream') ?? false;
  const ignoredParams = new Set<string>();
  const maxTokens = readMaxTokens(body, counting);
  const { thinkingDisplay, ...thinkingParams } = readThinkingConfig(body, ignoredParams);
  const stop = readStops(body);
  const request: ChatRequest = {
    model: readModel(body),
    messages: readConversation(body, ignoredParams),
    ...readMessageTools(body, ignoredParams),
    ...readFormat(body, ignoredParams),
    sampling: readSampling(body),
    stop,
    ...(stop.length === 0 ? {} : { namesStop: true }),
    maxTokens,
    ...thinkingParams,
    logprobs: undefined,
    stream: true,
    includeUsage: true,
    original: undefined,
  };
  const value = {
    request,
    stream,
    maxTokens,
    thinking: thinkingDisplay,
    ignoredParams: ignoredMessageParams(body, ignoredParams),
  };
  return { ok: true, value };
}

function readMaxTokens(body: Body, counting: boolean): number {
  const maxTokens = body.whole('max_tokens', 0);
  if (maxTokens === undefined && !counting) body.refuse('max_tokens', 'max_tokens: Field required');
  return maxTokens ?? 0;
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
