import { COUNTING, ERRORS as ANTHROPIC_ERRORS } from './anthropic/errors.ts';
import { MESSAGES } from './anthropic/messages.ts';
import { STREAM as ANTHROPIC_STREAM } from './anthropic/stream.ts';
import { TOOLS as ANTHROPIC_TOOLS } from './anthropic/tools.ts';
import type { Group } from './case.ts';
import { answersBy as langChainBy, embeddingBy as langChainEmbeddingBy } from './langchain/answers.ts';
import { ANSWERS, EMBEDDING } from './ollama/answers.ts';
import { LISTING } from './ollama/listing.ts';
import { ERRORS as OLLAMA_ERRORS, TOOLS as OLLAMA_TOOLS } from './ollama/refusals.ts';
import { TRUNCATION } from './ollama/truncation.ts';
import { CHAT } from './openai/chat.ts';
import { COMPLETIONS } from './openai/completions.ts';
import { EMBEDDINGS } from './openai/embeddings.ts';
import { ERRORS } from './openai/errors.ts';
import { MODELS } from './openai/models.ts';
import { STREAM } from './openai/stream.ts';
import { STRUCTURE } from './openai/structure.ts';
import { TOOLS } from './openai/tools.ts';
import { RESPONSES } from './responses/response.ts';
import { RESPONSE_TOOLS } from './responses/tools.ts';
import { answersBy as vercelBy, embeddingBy as vercelEmbeddingBy } from './vercel/answers.ts';
import { callCases, CHAT_CALLS, RESPONSES_CALLS } from './wire/calls.ts';
import { CHAT as WIRE_CHAT } from './wire/chat.ts';
import { contentCases } from './wire/content.ts';
import { ERRORS as WIRE_ERRORS } from './wire/errors.ts';
import { MODELS as WIRE_MODELS } from './wire/models.ts';
import { schemaCases } from './wire/schemas.ts';
import { STREAM as WIRE_STREAM } from './wire/stream.ts';
import { CHAT_TOLERANCE, EMBED_TOKEN_LISTS, toleranceCases, TOKEN_LISTS } from './wire/tolerance.ts';

/** Every case, in the order of the run. */
export const SUITE: readonly Group[] = [
  { client: 'wire', theme: 'models', api: 'models', cases: WIRE_MODELS },
  { client: 'wire', theme: 'chat', api: 'chat', cases: WIRE_CHAT },
  { client: 'wire', theme: 'stream', api: 'chat', cases: WIRE_STREAM },
  { client: 'wire', theme: 'errors', api: 'chat', cases: WIRE_ERRORS },
  ...(['chat', 'responses', 'messages'] as const).map((api) => ({
    client: 'wire' as const,
    theme: 'content',
    api,
    cases: contentCases(api),
  })),
  ...(['chat', 'responses', 'messages', 'ollama'] as const).flatMap((api) => [
    { client: 'wire' as const, theme: 'schemas', api, cases: schemaCases(api) },
    { client: 'wire' as const, theme: 'calls', api, cases: callCases(api) },
  ]),
  { client: 'wire', theme: 'calls', api: 'chat', cases: CHAT_CALLS },
  { client: 'wire', theme: 'calls', api: 'responses', cases: RESPONSES_CALLS },
  ...(['chat', 'completions', 'embeddings', 'responses', 'messages', 'ollama'] as const).map((api) => ({
    client: 'wire' as const,
    theme: 'tolerance',
    api,
    cases: toleranceCases(api),
  })),
  { client: 'wire', theme: 'tolerance', api: 'chat', cases: CHAT_TOLERANCE },
  { client: 'wire', theme: 'tolerance', api: 'completions', cases: TOKEN_LISTS },
  { client: 'wire', theme: 'tolerance', api: 'embeddings', cases: EMBED_TOKEN_LISTS },
  { client: 'openai', theme: 'models', api: 'models', cases: MODELS },
  { client: 'openai', theme: 'chat', api: 'chat', cases: CHAT },
  { client: 'openai', theme: 'stream', api: 'chat', cases: STREAM },
  { client: 'openai', theme: 'tools', api: 'chat', cases: TOOLS },
  { client: 'openai', theme: 'structure', api: 'chat', cases: STRUCTURE },
  { client: 'openai', theme: 'embeddings', api: 'embeddings', cases: EMBEDDINGS },
  { client: 'openai', theme: 'completions', api: 'completions', cases: COMPLETIONS },
  { client: 'openai', theme: 'errors', api: 'chat', cases: ERRORS },
  { client: 'openai', theme: 'responses', api: 'responses', cases: [...RESPONSES, ...RESPONSE_TOOLS] },
  { client: 'anthropic', theme: 'messages', api: 'messages', cases: MESSAGES },
  { client: 'anthropic', theme: 'stream', api: 'messages', cases: ANTHROPIC_STREAM },
  { client: 'anthropic', theme: 'tools', api: 'messages', cases: ANTHROPIC_TOOLS },
  { client: 'anthropic', theme: 'errors', api: 'messages', cases: ANTHROPIC_ERRORS },
  { client: 'anthropic', theme: 'counting', api: 'count_tokens', cases: COUNTING },
  { client: 'ollama', theme: 'listing', api: 'ollama', cases: LISTING },
  { client: 'ollama', theme: 'answers', api: 'ollama', cases: ANSWERS },
  { client: 'ollama', theme: 'embedding', api: 'ollama', cases: EMBEDDING },
  { client: 'ollama', theme: 'truncation', api: 'ollama', cases: TRUNCATION },
  { client: 'ollama', theme: 'tools', api: 'ollama', cases: OLLAMA_TOOLS },
  { client: 'ollama', theme: 'errors', api: 'ollama', cases: OLLAMA_ERRORS },
  { client: 'vercel', theme: 'openai-chat', api: 'chat', cases: vercelBy('openai-chat') },
  { client: 'vercel', theme: 'compatible', api: 'chat', cases: vercelBy('compatible') },
  { client: 'vercel', theme: 'embeddings', api: 'embeddings', cases: vercelEmbeddingBy('compatible') },
  { client: 'vercel', theme: 'openai-responses', api: 'responses', cases: vercelBy('openai-responses') },
  { client: 'vercel', theme: 'anthropic', api: 'messages', cases: vercelBy('anthropic') },
  { client: 'langchain', theme: 'openai', api: 'chat', cases: langChainBy('openai') },
  { client: 'langchain', theme: 'embeddings', api: 'embeddings', cases: langChainEmbeddingBy('openai') },
  { client: 'langchain', theme: 'openai-responses', api: 'responses', cases: langChainBy('openai-responses') },
  { client: 'langchain', theme: 'anthropic', api: 'messages', cases: langChainBy('anthropic') },
  {
    client: 'langchain',
    theme: 'ollama',
    api: 'ollama',
    cases: [...langChainBy('ollama'), ...langChainEmbeddingBy('ollama')],
  },
];
