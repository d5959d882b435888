import type { IncomingHttpHeaders } from 'node:http';
import { ANTHROPIC } from './anthropic/dialect.ts';
import { readCountTokens, readMessages } from './anthropic/parsed-request.ts';
import { tokenCount } from './anthropic/usage.ts';
import type { ClientDialect, Endpoint } from '../client-dialect.ts';
import { readApiEmbed, readApiEmbeddings } from './ollama/embed-request.ts';
import { OLLAMA } from './ollama/dialect.ts';
import { readApiChat, readApiGenerate } from './ollama/parsed-request.ts';
import { OPENAI } from './openai/dialect.ts';
import { readChat, readCompletion, readEmbeddings } from './openai/parsed-request.ts';
import { RESPONSES } from './responses/dialect.ts';
import { readResponses } from './responses/parsed-request.ts';
import { inputTokenCount } from './responses/usage.ts';

/** The endpoints that take a POST, with their paths. */
export const ENDPOINTS: readonly { readonly paths: readonly string[]; readonly endpoint: Endpoint }[] = [
  { paths: openaiPaths('/chat/completions'), endpoint: { parse: readChat } },
  { paths: openaiPaths('/completions'), endpoint: { parse: readCompletion } },
  { paths: openaiPaths('/embeddings'), endpoint: { parse: readEmbeddings } },
  { paths: ['/v1/responses', '/responses'], endpoint: { parse: readResponses } },
  {
    paths: ['/v1/responses/input_tokens', '/responses/input_tokens'],
    endpoint: { parse: readResponses, tokenCountBody: inputTokenCount },
  },
  { paths: ['/v1/messages', '/messages'], endpoint: { parse: readMessages } },
  {
    paths: ['/v1/messages/count_tokens', '/messages/count_tokens'],
    endpoint: { parse: readCountTokens, tokenCountBody: tokenCount },
  },
  { paths: ['/api/chat'], endpoint: { parse: readApiChat } },
  { paths: ['/api/generate'], endpoint: { parse: readApiGenerate } },
  { paths: ['/api/embed'], endpoint: { parse: readApiEmbed } },
  { paths: ['/api/embeddings'], endpoint: { parse: readApiEmbeddings } },
];

/** The paths of an endpoint of OpenAI's that LiteLLM has too: Azure's and an older one name the model, which may have slashes. */
function openaiPaths(path: string): readonly string[] {
  return [`/v1${path}`, path, `/openai/deployments/:model{.+}${path}`, `/engines/:model{.+}${path}`];
}

const MESSAGES = /^(?:\/v1)?\/messages(?:\/|$)/;
const RESPONSE_PATHS = /^(?:\/v1)?\/responses(?:\/|$)/;
const MODELS = /^(?:\/v1)?\/models(?:\/|$)/;

/**
 * The dialect of a path, also of a path that does not exist. `/v1/models` belongs to Anthropic's dialect if the request has an
 * `anthropic-version` header.
 */
export function dialectOf(path: string, headers: IncomingHttpHeaders): ClientDialect {
  if (path.startsWith('/api/')) return OLLAMA;
  if (RESPONSE_PATHS.test(path)) return RESPONSES;
  return MESSAGES.test(path) || (headers['anthropic-version'] !== undefined && MODELS.test(path)) ? ANTHROPIC : OPENAI;
}

/** The part of the routes that a path shows by itself. */
export interface PlainRoute {
  readonly dialect: ClientDialect;
  /** The endpoint that takes a POST to exactly this path. */
  readonly endpoint: Endpoint | undefined;
}

const PLAIN_ROUTES: ReadonlyMap<string, PlainRoute> = new Map(
  ENDPOINTS.flatMap(({ paths, endpoint }) =>
    paths
      .filter((path) => !path.includes(':'))
      .map((path) => [path, { dialect: dialectOf(path, {}), endpoint }] as const),
  ),
);

/** The route of an endpoint's path as it stands in the table; `undefined` for other paths, also for other forms of the same. */
export function plainRouteOf(path: string): PlainRoute | undefined {
  return PLAIN_ROUTES.get(path);
}
