import type { ChatRequest } from '../../exchange.ts';
import { typeName, type Body } from './body.ts';
import { readSeed } from './seed.ts';

/**
 * Ranges are the API's, names are Ollama's. OpenAI's API lacks the last four; other servers take them, and Ollama supports them.
 */
const SAMPLING: readonly (readonly [name: string, min: number, max: number])[] = [
  ['temperature', 0, 2],
  ['top_p', 0, 1],
  ['presence_penalty', -2, 2],
  ['frequency_penalty', -2, 2],
  ['top_k', 0, 1_000_000],
  ['min_p', 0, 1],
  // A divisor: 0 crashes a runner (seen on Ollama 0.22.1).
  ['repeat_penalty', 0.01, 100],
  ['typical_p', 0, 1],
];

/** Every stop sequence is searched for in every chunk of a response. */
const MAX_STOP_SEQUENCES = 1000;

const EFFORT: Readonly<Record<string, ChatRequest['thinking']>> = {
  none: false,
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

/** Reads `model`. */
export function readModel(body: Body): string {
  const model = body.text('model');
  if (model === undefined || model === '') body.refuse('model', "Missing required parameter: 'model'.");
  return model ?? '';
}

/** Reads the sampling parameters. */
export function readSampling(body: Body): ChatRequest['sampling'] {
  const sampling: Record<string, number | bigint> = {};
  for (const [name, min, max] of SAMPLING) {
    const value = body.number(name, min, max);
    if (value !== undefined) sampling[name] = value;
  }
  const seed = readSeed(body, 'seed', body.value('seed'));
  if (seed !== undefined) sampling['seed'] = seed;
  return sampling;
}

/** Reads `stop`. */
export function readStop(body: Body): readonly string[] {
  const stop = body.value('stop');
  if (stop === undefined) return [];
  const list: readonly unknown[] = Array.isArray(stop) ? stop : [stop];
  return readStopList(
    body,
    list,
    'stop',
    `Invalid type for 'stop': expected a string or an array of strings, but got ${typeName(stop)} instead.`,
  );
}

/**
 * Reads a list of stop sequences; `wrong` is the message for an item that is not a string. An empty sequence would end the response
 * at its first token, so it is dropped.
 */
export function readStopList(body: Body, list: readonly unknown[], name: string, wrong: string): readonly string[] {
  if (list.length > MAX_STOP_SEQUENCES)
    body.refuse(name, `Invalid '${name}': at most ${String(MAX_STOP_SEQUENCES)} stop sequences are supported.`);
  else if (list.every((item) => typeof item === 'string')) return list.filter((item) => item !== '');
  else body.refuse(name, wrong);
  return [];
}

/** Reads one of OpenAI's reasoning efforts. */
export function readEffort(body: Body, effort: string, at: string): ChatRequest['thinking'] {
  return Object.hasOwn(EFFORT, effort)
    ? EFFORT[effort]
    : body.refuse(
        at,
        `Invalid value for '${at}'. Supported values are: ${Object.keys(EFFORT)
          .map((name) => `'${name}'`)
          .join(', ')}.`,
      );
}
