import { isObject, type Json } from '../../json.ts';
import type { Body } from './body.ts';

// No prompt is cut and no context shifted, except for Ollama's own clients; an answer in one piece is not streamed.
const DEFAULT_IF_FALSE = ['truncate', 'shift', 'stream'];

// Parameters that identify the caller or the request and do not affect the response.
const NO_EFFECT = [
  'user',
  'metadata',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'prompt_cache_options',
  'client_metadata',
];

/**
 * Lists the parameters without effect; call it last, after all other reads of the body. Values that ask for the default behaviour
 * are not listed.
 */
export function ignoredParamsOf(body: Body, ignoredParams: readonly string[] = []): readonly string[] {
  for (const name of NO_EFFECT) body.value(name);
  const noEffect: string[] = [];
  for (const name of DEFAULT_IF_FALSE) if (body.json[name] === false) body.value(name);
  if (body.flag('store') === true) noEffect.push('store');
  const bias = body.value('logit_bias');
  if (bias !== undefined && !(isObject(bias) && Object.keys(bias).length === 0)) noEffect.push('logit_bias');
  const tier = body.text('service_tier');
  if (tier !== undefined && tier !== 'auto' && tier !== 'default') noEffect.push('service_tier');
  return [...ignoredParams, ...noEffect, ...body.unread()];
}

/** The fields of `reasoning` without effect: all but `known`. OpenRouter's clients send `enabled`, `max_tokens` and `exclude`. */
export function ignoredReasoning(reasoning: Json, known: readonly string[]): readonly string[] {
  return (
    Object.entries(reasoning)
      .filter(([name, value]) => !known.includes(name) && (value ?? undefined) !== undefined)
      // Its default.
      .filter(([name, value]) => name !== 'exclude' || value !== false)
      .map(([name]) => `reasoning.${name}`)
  );
}
