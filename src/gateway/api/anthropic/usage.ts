import type { Json } from '../../json.ts';
import type { Usage } from '../../exchange.ts';

/** Counts as a message ends with them. Nothing is kept in a cache that a client could count on. */
export function deltaUsage({ promptTokens, completionTokens }: Usage): Json {
  return {
    input_tokens: promptTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: completionTokens,
    output_tokens_details: null,
    server_tool_use: null,
  };
}

/** Counts as a message has them. */
export function messageUsage(usage: Usage): Json {
  return {
    ...deltaUsage(usage),
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    service_tier: 'standard',
    inference_geo: null,
    speed: null,
  };
}

/** The answer of `count_tokens`. */
export function tokenCount(tokens: number): string {
  return JSON.stringify({ input_tokens: tokens });
}
