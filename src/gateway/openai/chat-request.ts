import type { ChatRequest, Outcome, Tool } from '../exchange.ts';
import { isObject, typeName, type Body, type Json } from './body.ts';
import { readMessages } from './messages.ts';

/** Ranges as the API has them; names as Ollama has them. The last four are what other servers take too, and Ollama honours. */
const SAMPLING: readonly (readonly [name: string, min: number, max: number])[] = [
  ['temperature', 0, 2],
  ['top_p', 0, 1],
  ['presence_penalty', -2, 2],
  ['frequency_penalty', -2, 2],
  ['top_k', 0, 1_000_000],
  ['min_p', 0, 1],
  ['repeat_penalty', 0, 100],
  ['typical_p', 0, 1],
];

// They name the caller or the request and promise nothing about the answer.
const SILENT = ['user', 'metadata', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention'];

/** Reads the body of a chat completion request. */
export function readChatRequest(body: Body): Outcome<ChatRequest> {
  const model = body.text('model');
  if (model === undefined || model === '') body.refuse('model', "Missing required parameter: 'model'.");
  const stream = body.flag('stream') ?? false;
  const ignored: string[] = [];
  const request: ChatRequest = {
    model: model ?? '',
    messages: readMessages(body),
    tools: readTools(body, ignored),
    format: readFormat(body),
    sampling: readSampling(body),
    stop: readStop(body),
    maxTokens: readMaxTokens(body),
    thinking: readThinking(body),
    logprobs: readLogprobs(body),
    stream,
    includeUsage: readStreamOptions(body, stream),
    ignored,
    original: body.json,
  };
  readIgnored(body, ignored);
  return body.failure === undefined ? { ok: true, value: request } : { ok: false, failure: body.failure };
}

function readSampling(body: Body): Readonly<Record<string, number>> {
  const sampling: Record<string, number> = {};
  for (const [name, min, max] of SAMPLING) {
    const value = body.number(name, min, max);
    if (value !== undefined) sampling[name] = value;
  }
  const seed = body.whole('seed', Number.MIN_SAFE_INTEGER);
  if (seed !== undefined) sampling['seed'] = seed;
  return sampling;
}

function readMaxTokens(body: Body): number | undefined {
  const [old, now] = [body.whole('max_tokens', 0), body.whole('max_completion_tokens', 0)];
  return now ?? old;
}

function readStop(body: Body): readonly string[] {
  const stop = body.value('stop');
  if (stop === undefined) return [];
  const list: readonly unknown[] = Array.isArray(stop) ? stop : [stop];
  // An empty one would end the answer at its first token.
  if (list.every((item) => typeof item === 'string')) return list.filter((item) => item !== '');
  body.refuse('stop', `Invalid type for 'stop': expected a string or an array of strings, but got ${typeName(stop)} instead.`);
  return [];
}

function readTools(body: Body, ignored: string[]): readonly Tool[] {
  const tools = (body.list('tools') ?? []).map((tool, index) => readTool(body, tool, `tools[${String(index)}]`));
  const choice = body.value('tool_choice');
  if (choice === 'none') return [];
  if (choice !== undefined && choice !== 'auto') ignored.push('tool_choice');
  if (body.flag('parallel_tool_calls') === false) ignored.push('parallel_tool_calls');
  return tools;
}

function readTool(body: Body, tool: unknown, at: string): Tool {
  const made = isObject(tool) && tool['type'] === 'function' ? tool['function'] : undefined;
  if (isObject(tool) && isObject(made) && typeof made['name'] === 'string') return { name: made['name'], definition: tool };
  body.refuse(at, `Invalid '${at}': expected {"type": "function", "function": {"name": …}}.`);
  return { name: '', definition: {} };
}

function readFormat(body: Body): ChatRequest['format'] {
  const format: Json = body.object('response_format') ?? {};
  const { type } = format;
  if (type === undefined || type === 'text') return undefined;
  if (type === 'json_object') return 'json';
  const described = format['json_schema'];
  const schema = isObject(described) ? described['schema'] : undefined;
  if (type === 'json_schema' && isObject(schema)) return schema;
  return type === 'json_schema'
    ? body.refuse('response_format.json_schema.schema', "Missing required parameter: 'response_format.json_schema.schema'.")
    : body.refuse('response_format.type', "Invalid value for 'response_format.type'. Supported values are: 'text', 'json_object', and 'json_schema'.");
}

const EFFORT: Readonly<Record<string, ChatRequest['thinking']>> = { none: false, minimal: 'low', low: 'low', medium: 'medium', high: 'high', xhigh: 'high', max: 'high' };

function readThinking(body: Body): ChatRequest['thinking'] {
  const effort = body.text('reasoning_effort');
  // Ollama's own word, which clients that know it may send.
  const think = body.value('think');
  if (effort === undefined) return typeof think === 'boolean' ? think : think === 'low' || think === 'medium' || think === 'high' ? think : undefined;
  return Object.hasOwn(EFFORT, effort)
    ? EFFORT[effort]
    : body.refuse('reasoning_effort', `Invalid value for 'reasoning_effort'. Supported values are: ${Object.keys(EFFORT).map((name) => `'${name}'`).join(', ')}.`);
}

function readLogprobs(body: Body): number | undefined {
  const [wanted, top] = [body.flag('logprobs') ?? false, body.whole('top_logprobs', 0, 20)];
  if (!wanted && top !== undefined) return body.refuse('top_logprobs', "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.");
  return wanted ? (top ?? 0) : undefined;
}

function readStreamOptions(body: Body, stream: boolean): boolean {
  const options = body.object('stream_options');
  if (options !== undefined && !stream) body.refuse('stream_options', "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
  return options?.['include_usage'] === true;
}

/** Names what is there and changes nothing; values that ask for what happens anyway are not named. */
function readIgnored(body: Body, ignored: string[]): void {
  for (const name of SILENT) body.value(name);
  const n = body.whole('n', 1, 128);
  if (n !== undefined && n > 1) body.refuse('n', "Invalid 'n': this server gives one choice for each request.");
  if (body.flag('store') === true) ignored.push('store');
  const tier = body.text('service_tier');
  if (tier !== undefined && tier !== 'auto' && tier !== 'default') ignored.push('service_tier');
  const modalities = body.list('modalities');
  if (modalities?.some((item) => item !== 'text') === true) ignored.push('modalities');
  ignored.push(...body.unread());
}
