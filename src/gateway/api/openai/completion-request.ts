import type { Body } from '../dialect/body.ts';
import { ignoredParamsOf } from '../dialect/ignored-params.ts';
import { OWN_OPTIONS, readOptions, type Options } from '../dialect/ollama-options.ts';
import { readModel, readSampling, readStop } from '../dialect/sampling.ts';
import type { CompletionRequest, FailureOr } from '../../exchange.ts';
import { MAX_CHOICES, readChoices, readStreamOptions, readReasoning, thinkingName } from './sampling.ts';

/** The maximum number of completions for one request: prompts times `n` or `best_of`. */
export const MAX_COMPLETIONS = 128;

/** The API's default. */
const DEFAULT_MAX_TOKENS = 16;

/**
 * A parsed completion request: one model request for each prompt, the number of choices, and the parameters that Ollama does not
 * support.
 */
export interface CompletionReading {
  readonly requests: readonly CompletionRequest[];
  readonly choices: number;
  /**
   * The number of completions to generate for each prompt; the likeliest `choices` of them are returned. Never less than `choices`.
   */
  readonly candidates: number;
  /** Log probabilities are requested only to compare candidates and are left out of the response. */
  readonly hidesLogprobs: boolean;
  /** Whether each choice begins with its prompt. */
  readonly echo: boolean;
  readonly runner: Options['runner'];
  readonly ignoredParams: readonly string[];
}

/** Reads the body of a completion request. */
export function readCompletionRequest(body: Body): FailureOr<CompletionReading> {
  const stream = body.flag('stream') ?? false;
  const options = readOptions(body, OWN_OPTIONS);
  const ignoredParams: string[] = [...options.ignoredParams];
  const prompts = readPrompts(body);
  const echo = body.flag('echo') ?? false;
  const logprobs = body.whole('logprobs', 0, 20);
  // Ollama reports no log probabilities for the tokens of the prompt, and incomplete lists would be worse than none.
  if (echo && logprobs !== undefined) ignoredParams.push('logprobs');
  const choices = readChoices(body);
  const candidates = readCandidates(body, choices, stream);
  const hasExtraCandidates = candidates > choices;
  const suffix = body.text('suffix');
  const stop = readStop(body);
  // Ollama's -1 and -2.
  const isUnlimited = options.sampling['num_predict'] !== undefined;
  const shared = {
    model: readModel(body),
    suffix: suffix === '' ? undefined : suffix,
    raw: body.flag('raw') ?? false,
    sampling: { ...readSampling(body), ...options.sampling },
    stop: stop.length === 0 ? options.stop : stop,
    maxTokens: body.whole('max_tokens', 0) ?? options.maxTokens ?? (isUnlimited ? undefined : DEFAULT_MAX_TOKENS),
    thinking: readReasoning(body),
    thinkingName: thinkingName(body),
    logprobs: hasExtraCandidates ? (logprobs ?? 0) : echo ? undefined : logprobs,
    stream,
    includeUsage: readStreamOptions(body, stream),
  };
  if (prompts.length * candidates > MAX_COMPLETIONS)
    body.refuse(
      'prompt',
      `Invalid 'prompt': at most ${String(MAX_COMPLETIONS)} completions per request, counting n or best_of for each prompt.`,
    );
  const requests = prompts.map((prompt) => ({
    ...shared,
    prompt,
    original: { ...body.json, prompt, ...(hasExtraCandidates ? { logprobs: shared.logprobs } : {}) },
  }));
  const value = {
    requests,
    choices,
    candidates,
    hidesLogprobs: hasExtraCandidates && (echo || logprobs === undefined),
    echo,
    runner: options.runner,
    ignoredParams: ignoredParamsOf(body, ignoredParams),
  };
  return { ok: true, value };
}

function readCandidates(body: Body, choices: number, stream: boolean): number {
  const bestOf = body.whole('best_of', 1, MAX_CHOICES) ?? choices;
  if (bestOf < choices) body.refuse('best_of', "Invalid 'best_of': it must not be less than 'n'.");
  else if (bestOf > choices && stream)
    body.refuse('best_of', "Invalid 'best_of': results cannot be streamed if it is greater than 'n'.");
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
      "Invalid 'prompt': expected a string or an array of strings; arrays of tokens are not supported.",
    );
  // Ollama takes an empty prompt as a request to load the model.
  else if (texts.length === 0 || texts.includes(''))
    body.refuse('prompt', "Invalid 'prompt': the prompt must not be an empty string or an empty array.");
  return texts;
}
