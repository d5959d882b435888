import type { CompletionRequest, Outcome } from '../exchange.ts';
import type { Body } from './body.ts';
import { readChoices, readIgnored, readModel, readSampling, readStop, readStreamOptions, readThinking } from './sampling.ts';

/** How many answers one request may come to: prompts, each with its choices. */
const MAX_ANSWERS = 128;

/** What the API takes where a request says nothing. */
const DEFAULT_MAX_TOKENS = 16;

/** A completion as read: one request for each prompt, of how many answers, and what of it Ollama cannot honour. */
export interface CompletionReading {
  readonly requests: readonly CompletionRequest[];
  readonly choices: number;
  /** Whether each answer begins with its prompt. */
  readonly echo: boolean;
  readonly ignored: readonly string[];
}

/** Reads the body of a completion request. */
export function readCompletionRequest(body: Body): Outcome<CompletionReading> {
  const stream = body.flag('stream') ?? false;
  const ignored: string[] = [];
  const prompts = readPrompts(body);
  const echo = body.flag('echo') ?? false;
  const logprobs = body.whole('logprobs', 0, 20);
  // Ollama tells nothing of a prompt's own tokens, and half of the lists would be worse than none.
  if (echo && logprobs !== undefined) ignored.push('logprobs');
  const suffix = body.text('suffix');
  const shared = {
    model: readModel(body),
    suffix: suffix === '' ? undefined : suffix,
    raw: body.flag('raw') ?? false,
    sampling: readSampling(body),
    stop: readStop(body),
    maxTokens: body.whole('max_tokens', 0) ?? DEFAULT_MAX_TOKENS,
    thinking: readThinking(body),
    logprobs: echo ? undefined : logprobs,
    stream,
    includeUsage: readStreamOptions(body, stream),
  };
  const choices = readChoices(body);
  const bestOf = body.whole('best_of', 1, 20);
  if (bestOf !== undefined && bestOf < choices) body.refuse('best_of', "Invalid 'best_of': it must not be less than 'n'.");
  if (bestOf !== undefined && bestOf > choices) ignored.push('best_of');
  if (prompts.length * choices > MAX_ANSWERS) body.refuse('prompt', `Invalid 'prompt': at most ${String(MAX_ANSWERS)} answers are given to one request, n for each prompt.`);
  const requests = prompts.map((prompt) => ({ ...shared, prompt, original: { ...body.json, prompt } }));
  const value = { requests, choices, echo, ignored: readIgnored(body, ignored) };
  return body.failure === undefined ? { ok: true, value } : { ok: false, failure: body.failure };
}

function readPrompts(body: Body): readonly string[] {
  const prompt = body.value('prompt');
  const list: readonly unknown[] = Array.isArray(prompt) ? prompt : [prompt];
  const texts = list.filter((item) => typeof item === 'string');
  if (prompt === undefined) body.refuse('prompt', "Missing required parameter: 'prompt'.");
  else if (texts.length < list.length) body.refuse('prompt', "Invalid 'prompt': expected a string or an array of strings; arrays of tokens have no meaning for the models behind this server.");
  // To Ollama an empty prompt is a wish to load the model.
  else if (texts.length === 0 || texts.includes('')) body.refuse('prompt', "Invalid 'prompt': a prompt cannot be an empty string, nor the list of them empty.");
  return texts;
}
