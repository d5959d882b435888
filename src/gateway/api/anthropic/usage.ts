import type { Json } from '../../json.ts';
import type { Usage } from '../../exchange.ts';

/** The usage in `message_delta`. The cache counts are zero: the gateway promises no cache to clients. */
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

/** The usage in a message. */
export function messageUsage(usage: Usage): Json {
  return {
    ...deltaUsage(usage),
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    service_tier: 'standard',
    inference_geo: null,
    speed: null,
  };
}

/** The body of the response of `count_tokens`. */
export function tokenCount(tokens: number): string {
  return JSON.stringify({ input_tokens: tokens });
}
