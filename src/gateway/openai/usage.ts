import type { Usage } from '../exchange.ts';
import { isObject } from './body.ts';

/** The `usage` object. */
export function usageBody(usage: Usage): Readonly<Record<string, number>> {
  return { prompt_tokens: usage.promptTokens, completion_tokens: usage.completionTokens, total_tokens: usage.promptTokens + usage.completionTokens };
}

/** Reads a `usage` object of a server. */
export function readUsage(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined;
  const [prompt, completion] = [value['prompt_tokens'], value['completion_tokens']];
  return { promptTokens: typeof prompt === 'number' ? prompt : 0, completionTokens: typeof completion === 'number' ? completion : 0 };
}
