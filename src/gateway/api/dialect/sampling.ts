import type { ChatRequest } from '../../exchange.ts';
import { typeName, type Body } from './body.ts';

/** Ranges as the API has them; names as Ollama has them. The last four are what other servers take too, and Ollama honours. */
const SAMPLING: readonly (readonly [name: string, min: number, max: number])[] = [
  ['temperature', 0, 2],
  ['top_p', 0, 1],
  ['presence_penalty', -2, 2],
  ['frequency_penalty', -2, 2],
  ['top_k', 0, 1_000_000],
  ['min_p', 0, 1],
  // It divides: of 0 a runner dies (seen on Ollama 0.22.1).
  ['repeat_penalty', 0.01, 100],
  ['typical_p', 0, 1],
];

/** Each is looked for in every piece of an answer. */
const MOST_STOPS = 1000;

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

/** Reads a list of stop sequences, of which `wrong` says that it holds something else. An empty one, which would end the answer at its first token, is none. */
export function readStopList(body: Body, list: readonly unknown[], name: string, wrong: string): readonly string[] {
  if (list.length > MOST_STOPS)
    body.refuse(name, `Invalid '${name}': at most ${String(MOST_STOPS)} stop sequences are looked for.`);
  else if (list.every((item) => typeof item === 'string')) return list.filter((item) => item !== '');
  else body.refuse(name, wrong);
  return [];
}

/** Reads one of OpenAI's words for how much is to be thought. */
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
