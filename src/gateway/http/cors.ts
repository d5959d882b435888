import type { IncomingMessage } from 'node:http';
import type { RequestContext } from '../request-context.ts';

/** Response headers that a page may read. */
const EXPOSED =
  'x-request-id, x-client-request-id, retry-after, retry-after-ms, x-should-retry, server-timing, openai-processing-ms, x-hxllm-backend, x-hxllm-route, x-hxllm-ignored-params, x-hxllm-estimated, request-id';

/** Request headers that a page may send: those of the SDKs. */
const SENT = [
  'authorization, content-type, accept, user-agent, openai-beta, openai-organization, openai-project, x-client-request-id, x-requested-with',
  'x-api-key, anthropic-version, anthropic-beta, anthropic-dangerous-direct-browser-access',
].join(', ');

/** Lets a page of an allowed origin (`hxllm.origins`) read the response. Without an allowed origin no header is set, and a browser stops there. */
export function setCorsHeaders({ incoming, outgoing, service: { config } }: RequestContext): void {
  const { origins } = config;
  if (origins.size === 0) return;
  // A cache must not serve the response for one origin to another.
  outgoing.setHeader('vary', 'Origin');
  const { origin } = incoming.headers;
  if (origin === undefined || !origins.has(origin)) return;
  outgoing.setHeader('access-control-allow-origin', origin);
  if (incoming.method !== 'OPTIONS') outgoing.setHeader('access-control-expose-headers', EXPOSED);
  else {
    outgoing.setHeader('access-control-allow-methods', 'GET, HEAD, POST, OPTIONS');
    outgoing.setHeader('access-control-allow-headers', [SENT, ...stainlessHeaders(incoming)].join(', '));
    outgoing.setHeader('access-control-max-age', '7200');
  }
}

/** The headers of Stainless' SDKs (OpenAI's, Anthropic's) that a preflight asks for: new versions add names. */
function stainlessHeaders({ headers }: IncomingMessage): readonly string[] {
  const asked = headers['access-control-request-headers'] ?? '';
  return asked
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => /^x-stainless-[a-z-]+$/.test(name));
}
