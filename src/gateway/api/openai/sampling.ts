import { typeName, type Body } from '../dialect/body.ts';
import { nextSeed } from '../dialect/seed.ts';
import { readEffort } from '../dialect/sampling.ts';
import { isObject } from '../../json.ts';
import type { ChatRequest } from '../../exchange.ts';

/** The maximum of `n` and `best_of`. */
export const MAX_CHOICES = 8;

/** The request for one of several choices. The seed differs for each, because the same seed would make all choices alike. */
export function reseeded<T extends Pick<ChatRequest, 'sampling' | 'original'>>(request: T, choice: number): T {
  const seed = request.sampling['seed'];
  if (seed === undefined || choice === 0) return request;
  const next = nextSeed(seed, choice);
  return {
    ...request,
    sampling: { ...request.sampling, seed: next },
    original: { ...request.original, seed: next },
  };
}

/** Reads `n`. */
export function readChoices(body: Body): number {
  return body.whole('n', 1, MAX_CHOICES) ?? 1;
}

/** Reads the reasoning effort. */
export function readReasoning(body: Body): ChatRequest['thinking'] {
  const effort = body.text('reasoning_effort') ?? readNestedEffort(body);
  // Ollama's own parameter, which its clients may send here too.
  const think = body.value('think');
  if (effort !== undefined) return readEffort(body, effort, thinkingName(body));
  if (think === undefined || typeof think === 'boolean') return think;
  return typeof think === 'string'
    ? readEffort(body, think, 'think')
    : body.refuse(
        'think',
        `Invalid type for 'think': expected a boolean or a string, but got ${typeName(think)} instead.`,
      );
}

/** Whether `reasoning` counts, which `reasoning_effort` replaces. */
export function usesNestedEffort({ json }: Body): boolean {
  return (json['reasoning_effort'] ?? undefined) === undefined;
}

/** The name of the parameter that sets the reasoning effort in this request. */
export function thinkingName(body: Body): string {
  const { json } = body;
  if (!usesNestedEffort(body)) return 'reasoning_effort';
  const nested = isObject(json['reasoning']) ? json['reasoning']['effort'] : undefined;
  return (nested ?? undefined) === undefined ? 'think' : 'reasoning.effort';
}

/** Reads `reasoning: {effort}`, which Ollama documents beside `reasoning_effort` (docs.ollama.com/api/openai-compatibility). */
function readNestedEffort(body: Body): string | undefined {
  const effort = body.object('reasoning')?.['effort'] ?? undefined;
  if (effort === undefined || typeof effort === 'string') return effort;
  return body.refuse(
    'reasoning.effort',
    `Invalid type for 'reasoning.effort': expected a string, but got ${typeName(effort)} instead.`,
  );
}

/** Reads `stream_options`: whether a stream ends with its usage. */
export function readStreamOptions(body: Body, stream: boolean): boolean {
  const options = body.object('stream_options');
  if (options !== undefined && !stream)
    body.refuse('stream_options', "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
  return options?.['include_usage'] === true;
}
