import { typeName, type Body } from '../dialect/body.ts';
import { readEffort } from '../dialect/sampling.ts';
import type { ChatRequest } from '../../exchange.ts';

/** How many answers one request may ask for. */
export const MAX_CHOICES = 8;

/** The same request for another of several answers: with one seed all of them would be alike. */
export function reseeded<T extends Pick<ChatRequest, 'sampling' | 'original'>>(request: T, choice: number): T {
  const seed = request.sampling['seed'];
  if (seed === undefined || choice === 0) return request;
  return {
    ...request,
    sampling: { ...request.sampling, seed: seed + choice },
    original: { ...request.original, seed: seed + choice },
  };
}

/** Reads `n`. */
export function readChoices(body: Body): number {
  return body.whole('n', 1, MAX_CHOICES) ?? 1;
}

/** Reads how much is to be thought. */
export function readReasoning(body: Body): ChatRequest['thinking'] {
  const effort = body.text('reasoning_effort');
  // Ollama's own word, which clients that know it may send.
  const think = body.value('think');
  if (effort !== undefined) return readEffort(body, effort, 'reasoning_effort');
  if (think === undefined || typeof think === 'boolean') return think;
  return typeof think === 'string'
    ? readEffort(body, think, 'think')
    : body.refuse(
        'think',
        `Invalid type for 'think': expected a boolean or a string, but got ${typeName(think)} instead.`,
      );
}

/** By which of its names a request says how much is to be thought. */
export function thinkingName({ json }: Body): string {
  return (json['reasoning_effort'] ?? undefined) === undefined ? 'think' : 'reasoning_effort';
}

/** Reads `stream_options`: whether a stream ends with its usage. */
export function readStreamOptions(body: Body, stream: boolean): boolean {
  const options = body.object('stream_options');
  if (options !== undefined && !stream)
    body.refuse('stream_options', "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
  return options?.['include_usage'] === true;
}
