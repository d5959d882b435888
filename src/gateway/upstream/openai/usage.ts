import { isObject, tokenCount } from '../../json.ts';
import type { Usage } from '../../exchange.ts';

/** Reads the `usage` object of a server; `undefined` if it is no object. */
export function readUsage(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined;
  const [prompt, completion] = [value['prompt_tokens'], value['completion_tokens']];
  const whole = typeof prompt === 'number' && typeof value['total_tokens'] === 'number';
  return {
    promptTokens: tokenCount(prompt),
    completionTokens: tokenCount(completion),
    ...(whole ? { original: value } : {}),
  };
}
