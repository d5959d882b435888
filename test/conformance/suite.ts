import type { Group } from './case.ts';
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
import { CHAT as WIRE_CHAT } from './wire/chat.ts';
import { ERRORS as WIRE_ERRORS } from './wire/errors.ts';
import { MODELS as WIRE_MODELS } from './wire/models.ts';
import { STREAM as WIRE_STREAM } from './wire/stream.ts';

/** All that is tried, in this order. */
export const SUITE: readonly Group[] = [
  { client: 'wire', theme: 'models', api: 'models', cases: WIRE_MODELS },
  { client: 'wire', theme: 'chat', api: 'chat', cases: WIRE_CHAT },
  { client: 'wire', theme: 'stream', api: 'chat', cases: WIRE_STREAM },
  { client: 'wire', theme: 'errors', api: 'chat', cases: WIRE_ERRORS },
  { client: 'openai', theme: 'models', api: 'models', cases: MODELS },
  { client: 'openai', theme: 'chat', api: 'chat', cases: CHAT },
  { client: 'openai', theme: 'stream', api: 'chat', cases: STREAM },
  { client: 'openai', theme: 'tools', api: 'chat', cases: TOOLS },
  { client: 'openai', theme: 'structure', api: 'chat', cases: STRUCTURE },
  { client: 'openai', theme: 'embeddings', api: 'embeddings', cases: EMBEDDINGS },
  { client: 'openai', theme: 'completions', api: 'completions', cases: COMPLETIONS },
  { client: 'openai', theme: 'errors', api: 'chat', cases: ERRORS },
  { client: 'openai', theme: 'responses', api: 'responses', cases: [...RESPONSES, ...RESPONSE_TOOLS] },
];
