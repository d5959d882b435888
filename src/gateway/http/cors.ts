import type { RequestContext } from '../request-context.ts';

/** Response headers that a page may read. */
const EXPOSED =
  'x-request-id, x-client-request-id, retry-after, retry-after-ms, x-should-retry, server-timing, openai-processing-ms, x-hxllm-backend, x-hxllm-route, x-hxllm-ignored-params, x-hxllm-estimated, x-hxllm-truncated, x-hxllm-context, request-id, x-litellm-call-id, x-litellm-model-id, x-litellm-model-group, x-litellm-response-cost, x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, anthropic-ratelimit-requests-limit, anthropic-ratelimit-requests-remaining, anthropic-ratelimit-requests-reset, x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens, anthropic-ratelimit-tokens-limit, anthropic-ratelimit-tokens-remaining, anthropic-ratelimit-tokens-reset';

/** Lets a page of an allowed origin (`hxllm.origins`) read the response. Without an allowed origin no header is set, and a browser stops there. */
export function setCorsHeaders({ incoming, headers, service: { config } }: RequestContext): void {
  const { origins } = config;
  if (origins.size === 0) return;
  // A cache must not serve the response for one origin to another.
  headers['vary'] = 'Origin';
  const { origin } = incoming.headers;
  if (origin === undefined || !origins.has(origin)) return;
  headers['access-control-allow-origin'] = origin;
  if (incoming.method !== 'OPTIONS') headers['access-control-expose-headers'] = EXPOSED;
  else {
    headers['access-control-allow-methods'] = 'GET, HEAD, POST, OPTIONS';
    // All headers that the page asks for: SDKs send headers of their own, and new versions add names.
    const asked = incoming.headers['access-control-request-headers'];
    if (asked !== undefined) headers['access-control-allow-headers'] = asked;
    headers['access-control-max-age'] = '7200';
  }
}
