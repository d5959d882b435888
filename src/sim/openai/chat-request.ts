import type { ChatRequest } from '../native/chat.ts';
import { isObject, type Json } from '../../core/json.ts';
import { parseBody } from '../wire/json.ts';
import { readStruct, type Fields } from '../wire/fields.ts';
import { Refusal } from '../wire/refusal.ts';
import { readMessages } from './messages.ts';
import { readSampling, readWish, SAMPLING_FIELDS, WISH_FIELDS } from './sampling.ts';
import type { StreamWish } from './reply.ts';

const TOOL_CALL: Fields = {
  id: { type: 'string' },
  index: { type: 'int' },
  type: { type: 'string' },
  function: { type: 'object', goType: 'struct', fields: { name: { type: 'string' }, arguments: { type: 'string' } } },
};
const MESSAGE: Fields = {
  role: { type: 'string' },
  content: { type: 'any' },
  reasoning: { type: 'string' },
  name: { type: 'string' },
  tool_call_id: { type: 'string' },
  tool_calls: { type: 'list', goType: '[]openai.ToolCall', itemType: 'openai.ToolCall', item: TOOL_CALL },
};

// Ollama ignores all other fields silently: n, tool_choice, max_completion_tokens, user, keep_alive, options …
const FIELDS: Fields = {
  ...WISH_FIELDS,
  ...SAMPLING_FIELDS,
  messages: { type: 'list', goType: '[]openai.Message', itemType: 'openai.Message', item: MESSAGE },
  tools: { type: 'list', goType: '[]api.Tool' },
  response_format: {
    type: 'object',
    goType: 'openai.ResponseFormat',
    fields: {
      type: { type: 'string' },
      json_schema: { type: 'object', goType: 'openai.JsonSchema', fields: { schema: { type: 'any' } } },
    },
  },
  reasoning: { type: 'object', goType: 'openai.Reasoning', fields: { effort: { type: 'string' } } },
  reasoning_effort: { type: 'string' },
  logprobs: { type: 'bool' },
  top_logprobs: { type: 'int' },
  _debug_render_only: { type: 'bool' },
};

/** Reads the body of `/v1/chat/completions` into a native request. */
export function readChatCompletion(text: string): { readonly request: ChatRequest; readonly wish: StreamWish } {
  const body = readStruct(parseBody(text, 'EOF'), 'ChatCompletionRequest', FIELDS, 'openai.ChatCompletionRequest');
  const messages = Array.isArray(body['messages']) ? body['messages'].filter(isObject) : [];
  if (messages.length === 0) throw new Refusal(400, "[] is too short - 'messages'");
  const wish = readWish(body);
  const top = body['top_logprobs'];
  const request: ChatRequest = {
    model: typeof body['model'] === 'string' ? body['model'] : '',
    messages: readMessages(messages),
    options: readSampling(body),
    stream: wish.stream,
    format: formatOf(body['response_format']),
    tools: Array.isArray(body['tools']) ? body['tools'] : [],
    think: thinkOf(body),
    keepAlive: undefined,
    // /v1 has no field for it: a prompt that is too long is always cut.
    truncate: true,
    topLogprobs: body['logprobs'] === true ? (typeof top === 'number' ? top : 0) : -1,
    renderOnly: body['_debug_render_only'] === true,
  };
  if (typeof top === 'number' && (top < 0 || top > 20)) throw new Refusal(400, 'top_logprobs must be between 0 and 20');
  return { request, wish };
}

function formatOf(wanted: unknown): unknown {
  if (!isObject(wanted)) return undefined;
  const type = typeof wanted['type'] === 'string' ? wanted['type'].trim().toLowerCase() : '';
  if (type === 'json_object') return 'json';
  return type === 'json_schema' && isObject(wanted['json_schema']) ? wanted['json_schema']['schema'] : undefined;
}

function thinkOf(body: Json): boolean | undefined {
  const effort = isObject(body['reasoning']) ? body['reasoning']['effort'] : body['reasoning_effort'];
  if (typeof effort !== 'string' || effort === '') return undefined;
  if (!['high', 'medium', 'low', 'max', 'none'].includes(effort))
    throw new Refusal(400, `invalid reasoning value: '${effort}' (must be "high", "medium", "low", "max", or "none")`);
  return effort !== 'none';
}
