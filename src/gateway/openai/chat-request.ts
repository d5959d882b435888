import type { ChatRequest, Outcome, Tool } from '../exchange.ts';
import { isObject, type Body, type Json } from './body.ts';
import { readMessages } from './messages.ts';
import { readChoices, readIgnored, readModel, readSampling, readStop, readStreamOptions, readThinking } from './sampling.ts';

/** A chat as read: what is asked, of how many answers, and what of it Ollama cannot honour. */
export interface ChatReading {
  readonly request: ChatRequest;
  readonly choices: number;
  readonly ignored: readonly string[];
}

/** Reads the body of a chat completion request. */
export function readChatRequest(body: Body): Outcome<ChatReading> {
  const stream = body.flag('stream') ?? false;
  const ignored: string[] = [];
  const request: ChatRequest = {
    model: readModel(body),
    messages: readMessages(body),
    ...readTools(body, ignored),
    format: readFormat(body),
    sampling: readSampling(body),
    stop: readStop(body),
    maxTokens: readMaxTokens(body),
    thinking: readThinking(body),
    logprobs: readLogprobs(body),
    stream,
    includeUsage: readStreamOptions(body, stream),
    original: body.json,
  };
  const choices = readChoices(body);
  const modalities = body.list('modalities');
  if (modalities?.some((item) => item !== 'text') === true) ignored.push('modalities');
  const value = { request, choices, ignored: readIgnored(body, ignored) };
  return body.failure === undefined ? { ok: true, value } : { ok: false, failure: body.failure };
}

function readMaxTokens(body: Body): number | undefined {
  const [old, now] = [body.whole('max_tokens', 0), body.whole('max_completion_tokens', 0)];
  return now ?? old;
}

function readTools(body: Body, ignored: string[]): Pick<ChatRequest, 'tools' | 'mustCall' | 'parallelCalls'> {
  const tools = (body.list('tools') ?? []).map((tool, index) => readTool(body, tool, `tools[${String(index)}]`));
  const parallelCalls = body.flag('parallel_tool_calls') ?? true;
  const choice = body.value('tool_choice');
  if (choice === undefined || choice === 'auto') return { tools, mustCall: false, parallelCalls };
  if (choice === 'none') return { tools: [], mustCall: false, parallelCalls };
  const named = choice === 'required' ? tools : tools.filter(({ name }) => name === nameIn(choice));
  if (named.length === 0) {
    const known = choice === 'required' || nameIn(choice) !== undefined;
    body.refuse('tool_choice', known ? "Invalid value for 'tool_choice': the tool it asks for is not among 'tools'." : "Invalid value for 'tool_choice'. Supported values are: 'none', 'auto', 'required', and {\"type\": \"function\", \"function\": {\"name\": …}}.");
  }
  // Ollama gives the model the tools, and none but the named one, but cannot make it call.
  ignored.push('tool_choice');
  return { tools: named, mustCall: true, parallelCalls };
}

function nameIn(choice: unknown): string | undefined {
  const made = isObject(choice) && choice['type'] === 'function' ? choice['function'] : undefined;
  return isObject(made) && typeof made['name'] === 'string' ? made['name'] : undefined;
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

function readLogprobs(body: Body): number | undefined {
  const [wanted, top] = [body.flag('logprobs') ?? false, body.whole('top_logprobs', 0, 20)];
  if (!wanted && top !== undefined) return body.refuse('top_logprobs', "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.");
  return wanted ? (top ?? 0) : undefined;
}
