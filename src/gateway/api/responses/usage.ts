import { isObject, type Json } from '../../json.ts';
import type { Usage } from '../../exchange.ts';

/**
 * The `usage` of a response. Ollama counts neither cached prompt tokens nor thinking tokens. The gateway estimates thinking tokens
 * by the number of thinking chunks; a chunk is at least one token.
 */
export function responseUsage(usage: Usage, thinkingChunks: number): Json {
  const { promptTokens, completionTokens, original } = usage;
  return {
    input_tokens: promptTokens,
    input_tokens_details: {
      cached_tokens: detail(original, 'prompt_tokens_details', 'cached_tokens') ?? 0,
      cache_write_tokens: 0,
    },
    output_tokens: completionTokens,
    output_tokens_details: {
      reasoning_tokens:
        detail(original, 'completion_tokens_details', 'reasoning_tokens') ?? Math.min(thinkingChunks, completionTokens),
    },
    total_tokens: promptTokens + completionTokens,
  };
}

/** The body of the response to a token count request. */
export function inputTokenCount(tokens: number): string {
  return JSON.stringify({ object: 'response.input_tokens', input_tokens: tokens });
}

function detail(original: Json | undefined, details: string, name: string): number | undefined {
  const object = original?.[details];
  const value = isObject(object) ? object[name] : undefined;
  return typeof value === 'number' ? value : undefined;
}
