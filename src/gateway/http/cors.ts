import type { IncomingMessage, ServerResponse } from 'node:http';

/** Headers of a reply that a page may read. */
const EXPOSED =
  'x-request-id, x-client-request-id, retry-after, retry-after-ms, x-should-retry, server-timing, openai-processing-ms, x-hxllm-backend, x-hxllm-route, x-hxllm-ignored-params, x-hxllm-estimated, request-id';

/** Headers of a request that a page may send: those of the SDKs. */
const SENT = [
  'authorization, content-type, accept, user-agent, openai-beta, openai-organization, openai-project, x-client-request-id, x-requested-with',
  'x-api-key, anthropic-version, anthropic-beta, anthropic-dangerous-direct-browser-access',
  ...[
    'lang',
    'package-version',
    'os',
    'arch',
    'retry-count',
    'runtime',
    'runtime-version',
    'async',
    'helper-method',
    'poll-helper',
    'custom-poll-interval',
    'timeout',
  ].map((name) => `x-stainless-${name}`),
].join(', ');

/** Lets a page of an allowed origin read the reply, whoever writes it. Without an allowed one nothing is said, and a browser goes no further. */
export function setCorsHeaders(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  allowed: ReadonlySet<string>,
): void {
  if (allowed.size === 0) return;
  // A cache in between must not give one origin's reply to another.
  outgoing.setHeader('vary', 'Origin');
  const { origin } = incoming.headers;
  if (origin === undefined || !allowed.has(origin)) return;
  outgoing.setHeader('access-control-allow-origin', origin);
  if (incoming.method !== 'OPTIONS') outgoing.setHeader('access-control-expose-headers', EXPOSED);
  else {
    outgoing.setHeader('access-control-allow-methods', 'GET, HEAD, POST, OPTIONS');
    outgoing.setHeader('access-control-allow-headers', SENT);
    outgoing.setHeader('access-control-max-age', '7200');
  }
}
