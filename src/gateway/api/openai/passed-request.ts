import { areNumbers } from '../../json.ts';
import type { ChatRequest, CompletionRequest, EmbedRequest } from '../../exchange.ts';
import type { Body } from '../dialect/body.ts';
import { readModel } from '../dialect/sampling.ts';
import type { ChatReading } from './chat-request.ts';
import { MAX_COMPLETIONS, type CompletionReading } from './completion-request.ts';
import type { EmbedReading } from './embed-request.ts';
import { readChoices, readStreamOptions } from './sampling.ts';

/** Reads of a chat only the fields that the gateway needs itself: the server gets `original`, and judges the rest. */
export function passedChat(body: Body): ChatReading {
  const request: ChatRequest = {
    ...passedFields(body),
    messages: [],
    tools: [],
    mustCall: false,
    parallelCalls: true,
    format: undefined,
    original: body.json,
  };
  return { request, choices: readChoices(body), customTools: new Set(), ignoredParams: [], runner: {} };
}

/** Likewise of a completion: each prompt, of text or of tokens, is a request of its own. */
export function passedCompletion(body: Body): CompletionReading {
  const choices = readChoices(body);
  const prompts = promptsIn(body.value('prompt'));
  if (prompts.length * choices > MAX_COMPLETIONS)
    body.refuse('prompt', `Invalid 'prompt': at most ${String(MAX_COMPLETIONS)} completions per request.`);
  const requests = prompts.map((prompt): CompletionRequest => ({
    ...passedFields(body),
    prompt: typeof prompt === 'string' ? prompt : '',
    suffix: undefined,
    raw: false,
    original: { ...body.json, prompt },
  }));
  return {
    requests,
    choices,
    candidates: choices,
    hidesLogprobs: false,
    echo: body.flag('echo') ?? false,
    ignoredParams: [],
    runner: {},
  };
}

/** Likewise of embeddings. */
export function passedEmbedding(body: Body): EmbedReading {
  const request: EmbedRequest = {
    model: readModel(body),
    input: [],
    dimensions: body.whole('dimensions', 1),
    base64: body.value('encoding_format') === 'base64',
    original: body.json,
  };
  return { request, ignoredParams: [], runner: {} };
}

function passedFields(
  body: Body,
): Omit<ChatRequest, 'messages' | 'tools' | 'mustCall' | 'parallelCalls' | 'format' | 'original'> {
  const stream = body.flag('stream') ?? false;
  const seed = body.value('seed');
  return {
    model: readModel(body),
    sampling: Number.isInteger(seed) || typeof seed === 'bigint' ? { seed: seed as number | bigint } : {}, // one of both
    stop: [],
    maxTokens: undefined,
    thinking: undefined,
    thinkingName: 'reasoning_effort',
    logprobs: undefined,
    stream,
    includeUsage: readStreamOptions(body, stream),
  };
}

/** The prompts of a request; a list of numbers is one prompt of tokens. */
function promptsIn(prompt: unknown): readonly unknown[] {
  return Array.isArray(prompt) && prompt.length > 0 && !areNumbers(prompt) ? prompt : [prompt];
}
