import type { Body } from '../dialect/body.ts';
import { ignoredParamsOf } from '../dialect/ignored.ts';
import { readModel, readSampling, readStop } from '../dialect/sampling.ts';
import type { CompletionRequest, FailureOr } from '../../exchange.ts';
import { MAX_CHOICES, readChoices, readStreamOptions, readReasoning, thinkingName } from './sampling.ts';

/** How many answers one request may come to: prompts, each with its choices. */
const MAX_ANSWERS = 128;

/** What the API takes where a request says nothing. */
const DEFAULT_MAX_TOKENS = 16;

/** A completion as read: one request for each prompt, of how many answers, and what of it Ollama cannot honour. */
export interface CompletionReading {
  readonly requests: readonly CompletionRequest[];
  readonly choices: number;
  /** Of how many answers those are the likeliest: at least as many. */
  readonly candidates: number;
  /** Log probabilities are asked for to compare candidates, and not shown. */
  readonly hidesLogprobs: boolean;
  /** Whether each answer begins with its prompt. */
  readonly echo: boolean;
  readonly ignoredParams: readonly string[];
}

/** Reads the body of a completion request. */
export function readCompletionRequest(body: Body): FailureOr<CompletionReading> {
  const stream = body.flag('stream') ?? false;
  const ignoredParams: string[] = [];
  const prompts = readPrompts(body);
  const echo = body.flag('echo') ?? false;
  const logprobs = body.whole('logprobs', 0, 20);
  // Ollama tells nothing of a prompt's own tokens, and half of the lists would be worse than none.
  if (echo && logprobs !== undefined) ignoredParams.push('logprobs');
  const choices = readChoices(body);
  const candidates = readCandidates(body, choices, stream);
  const compares = candidates > choices;
  const suffix = body.text('suffix');
  const shared = {
    model: readModel(body),
    suffix: suffix === '' ? undefined : suffix,
    raw: body.flag('raw') ?? false,
    sampling: readSampling(body),
    stop: readStop(body),
    maxTokens: body.whole('max_tokens', 0) ?? DEFAULT_MAX_TOKENS,
    thinking: readReasoning(body),
    thinkingName: thinkingName(body),
    logprobs: compares ? (logprobs ?? 0) : echo ? undefined : logprobs,
    stream,
    includeUsage: readStreamOptions(body, stream),
  };
  if (prompts.length * candidates > MAX_ANSWERS)
    body.refuse(
      'prompt',
      `Invalid 'prompt': at most ${String(MAX_ANSWERS)} answers are computed for one request, n or best_of for each prompt.`,
    );
  const requests = prompts.map((prompt) => ({
    ...shared,
    prompt,
    original: { ...body.json, prompt, ...(compares ? { logprobs: shared.logprobs } : {}) },
  }));
  const value = {
    requests,
    choices,
    candidates,
    hidesLogprobs: compares && (echo || logprobs === undefined),
    echo,
    ignoredParams: ignoredParamsOf(body, ignoredParams),
  };
  return body.failure === undefined ? { ok: true, value } : { ok: false, failure: body.failure };
}

function readCandidates(body: Body, choices: number, stream: boolean): number {
  const bestOf = body.whole('best_of', 1, MAX_CHOICES) ?? choices;
  if (bestOf < choices) body.refuse('best_of', "Invalid 'best_of': it must not be less than 'n'.");
  else if (bestOf > choices && stream)
    body.refuse(
      'best_of',
      "Invalid 'best_of': which answers are the best is not known before their end, so they cannot be streamed.",
    );
  return bestOf;
}

function readPrompts(body: Body): readonly string[] {
  const prompt = body.value('prompt');
  const list: readonly unknown[] = Array.isArray(prompt) ? prompt : [prompt];
  const texts = list.filter((item) => typeof item === 'string');
  if (prompt === undefined) body.refuse('prompt', "Missing required parameter: 'prompt'.");
  else if (texts.length < list.length)
    body.refuse(
      'prompt',
      "Invalid 'prompt': expected a string or an array of strings; arrays of tokens have no meaning for the models behind this server.",
    );
  // To Ollama an empty prompt is a wish to load the model.
  else if (texts.length === 0 || texts.includes(''))
    body.refuse('prompt', "Invalid 'prompt': a prompt cannot be an empty string, nor the list of them empty.");
  return texts;
}
