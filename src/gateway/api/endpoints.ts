import type { IncomingHttpHeaders } from 'node:http';
import { ANTHROPIC } from './anthropic/dialect.ts';
import { readCountTokens, readMessagesCall } from './anthropic/parsed-request.ts';
import { tokenCount } from './anthropic/usage.ts';
import type { Endpoint } from '../proxy/handler.ts';
import type { ClientDialect } from '../exchange.ts';
import { readApiEmbed, readApiEmbeddings } from './ollama/embed-request.ts';
import { OLLAMA } from './ollama/dialect.ts';
import { readApiChat, readApiGenerate } from './ollama/parsed-request.ts';
import { OPENAI } from './openai/dialect.ts';
import { readChat, readCompletion, readEmbeddings } from './openai/parsed-request.ts';
import { RESPONSES } from './responses/dialect.ts';
import { readResponses } from './responses/parsed-request.ts';
import { inputTokenCount } from './responses/usage.ts';

/** What is asked for by POST, and at which paths. */
export const ENDPOINTS: readonly { readonly paths: readonly string[]; readonly endpoint: Endpoint }[] = [
  { paths: ['/v1/chat/completions', '/chat/completions'], endpoint: { dialect: OPENAI, read: readChat } },
  { paths: ['/v1/completions', '/completions'], endpoint: { dialect: OPENAI, read: readCompletion } },
  { paths: ['/v1/embeddings', '/embeddings'], endpoint: { dialect: OPENAI, read: readEmbeddings } },
  { paths: ['/v1/responses', '/responses'], endpoint: { dialect: RESPONSES, read: readResponses } },
  {
    paths: ['/v1/responses/input_tokens', '/responses/input_tokens'],
    endpoint: { dialect: RESPONSES, read: readResponses, counted: inputTokenCount },
  },
  { paths: ['/v1/messages', '/messages'], endpoint: { dialect: ANTHROPIC, read: readMessagesCall } },
  {
    paths: ['/v1/messages/count_tokens', '/messages/count_tokens'],
    endpoint: { dialect: ANTHROPIC, read: readCountTokens, counted: tokenCount },
  },
  { paths: ['/api/chat'], endpoint: { dialect: OLLAMA, read: readApiChat } },
  { paths: ['/api/generate'], endpoint: { dialect: OLLAMA, read: readApiGenerate } },
  { paths: ['/api/embed'], endpoint: { dialect: OLLAMA, read: readApiEmbed } },
  { paths: ['/api/embeddings'], endpoint: { dialect: OLLAMA, read: readApiEmbeddings } },
];

const MESSAGES = /^(?:\/v1)?\/messages(?:\/|$)/;
const MODELS = /^(?:\/v1)?\/models(?:\/|$)/;

/** The dialect of whoever asks for a path, also for one that is not there; the models are Anthropic's for those who name a version of its API. */
export function dialectOf(path: string, headers: IncomingHttpHeaders): ClientDialect {
  if (path.startsWith('/api/')) return OLLAMA;
  return MESSAGES.test(path) || (headers['anthropic-version'] !== undefined && MODELS.test(path)) ? ANTHROPIC : OPENAI;
}
