import { typeName, type Body } from '../dialect/body.ts';
import type { ChatRequest } from '../exchange.ts';

/** How many answers one request may ask for. */
export const MAX_CHOICES = 8;

/** Ranges as the API has them; names as Ollama has them. The last four are what other servers take too, and Ollama honours. */
const SAMPLING: readonly (readonly [name: string, min: number, max: number])[] = [
  ['temperature', 0, 2],
  ['top_p', 0, 1],
  ['presence_penalty', -2, 2],
  ['frequency_penalty', -2, 2],
  ['top_k', 0, 1_000_000],
  ['min_p', 0, 1],
  ['repeat_penalty', 0, 100],
  ['typical_p', 0, 1],
];

// They name the caller or the request and promise nothing about the answer.
const SILENT = ['user', 'metadata', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention'];

/** Reads `model`. */
export function readModel(body: Body): string {
  const model = body.text('model');
  if (model === undefined || model === '') body.refuse('model', "Missing required parameter: 'model'.");
  return model ?? '';
}

/** Reads what steers the choice of tokens. */
export function readSampling(body: Body): Readonly<Record<string, number>> {
  const sampling: Record<string, number> = {};
  for (const [name, min, max] of SAMPLING) {
    const value = body.number(name, min, max);
    if (value !== undefined) sampling[name] = value;
  }
  const seed = body.whole('seed', Number.MIN_SAFE_INTEGER);
  if (seed !== undefined) sampling['seed'] = seed;
  return sampling;
}

/** The same request for another of several answers: with one seed all of them would be alike. */
export function reseeded<T extends Pick<ChatRequest, 'sampling' | 'original'>>(request: T, choice: number): T {
  const seed = request.sampling['seed'];
  if (seed === undefined || choice === 0) return request;
  return { ...request, sampling: { ...request.sampling, seed: seed + choice }, original: { ...request.original, seed: seed + choice } };
}

/** Reads `n`. */
export function readChoices(body: Body): number {
  return body.whole('n', 1, MAX_CHOICES) ?? 1;
}

/** Reads `stop`. */
export function readStop(body: Body): readonly string[] {
  const stop = body.value('stop');
  if (stop === undefined) return [];
  const list: readonly unknown[] = Array.isArray(stop) ? stop : [stop];
  // An empty one would end the answer at its first token.
  if (list.every((item) => typeof item === 'string')) return list.filter((item) => item !== '');
  body.refuse('stop', `Invalid type for 'stop': expected a string or an array of strings, but got ${typeName(stop)} instead.`);
  return [];
}

const EFFORT: Readonly<Record<string, ChatRequest['thinking']>> = { none: false, minimal: 'low', low: 'low', medium: 'medium', high: 'high', xhigh: 'high', max: 'high' };

/** Reads how much is to be thought. */
export function readThinking(body: Body): ChatRequest['thinking'] {
  const effort = body.text('reasoning_effort');
  // Ollama's own word, which clients that know it may send.
  const think = body.value('think');
  if (effort === undefined) return typeof think === 'boolean' ? think : think === 'low' || think === 'medium' || think === 'high' ? think : undefined;
  return Object.hasOwn(EFFORT, effort)
    ? EFFORT[effort]
    : body.refuse('reasoning_effort', `Invalid value for 'reasoning_effort'. Supported values are: ${Object.keys(EFFORT).map((name) => `'${name}'`).join(', ')}.`);
}

/** By which of its names a request says how much is to be thought. */
export function thinkingName({ json }: Body): string {
  return json['reasoning_effort'] === undefined ? 'think' : 'reasoning_effort';
}

/** Reads `stream_options`: whether a stream ends with its usage. */
export function readStreamOptions(body: Body, stream: boolean): boolean {
  const options = body.object('stream_options');
  if (options !== undefined && !stream) body.refuse('stream_options', "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
  return options?.['include_usage'] === true;
}

/** Names what is there and changes nothing, the last to read a body; values that ask for what happens anyway are not named. */
export function readIgnored(body: Body, ignored: readonly string[] = []): readonly string[] {
  for (const name of SILENT) body.value(name);
  const more: string[] = [];
  if (body.flag('store') === true) more.push('store');
  const tier = body.text('service_tier');
  if (tier !== undefined && tier !== 'auto' && tier !== 'default') more.push('service_tier');
  return [...ignored, ...more, ...body.unread()];
}
