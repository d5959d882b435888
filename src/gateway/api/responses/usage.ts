import { isObject, type Json } from '../../json.ts';
import type { Usage } from '../../exchange.ts';

/** The `usage` of a response. Ollama counts neither what it had in its cache nor thoughts: those are counted as they come, at most one piece for each token. */
export function responseUsage(usage: Usage, thoughts: number): Json {
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
        detail(original, 'completion_tokens_details', 'reasoning_tokens') ?? Math.min(thoughts, completionTokens),
    },
    total_tokens: promptTokens + completionTokens,
  };
}

/** What is answered to who only wants a request's tokens counted. */
export function inputTokenCount(tokens: number): string {
  return JSON.stringify({ object: 'response.input_tokens', input_tokens: tokens });
}

function detail(original: Json | undefined, details: string, name: string): number | undefined {
  const within = original?.[details];
  const value = isObject(within) ? within[name] : undefined;
  return typeof value === 'number' ? value : undefined;
}
