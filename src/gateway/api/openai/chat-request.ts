import type { Body } from '../dialect/body.ts';
import { ignoredParamsOf, ignoredReasoning } from '../dialect/ignored-params.ts';
import { OWN_OPTIONS, readOptions, type Options } from '../dialect/ollama-options.ts';
import { isObject } from '../../json.ts';
import { readModel, readSampling, readStop } from '../dialect/sampling.ts';
import { readSchema } from '../dialect/schema.ts';
import type { ChatRequest, FailureOr } from '../../exchange.ts';
import { readChatMessages } from './messages.ts';
import { readChoices, readStreamOptions, readReasoning, thinkingName, usesNestedEffort } from './sampling.ts';
import { readChatTools } from './tool-choice.ts';

/** A parsed chat request, the number of its choices, and the parameters that Ollama does not support. */
export interface ChatReading {
  readonly request: ChatRequest;
  readonly choices: number;
  readonly runner: Options['runner'];
  /** The names of the custom tools: their calls carry free text. */
  readonly customTools: ReadonlySet<string>;
  readonly ignoredParams: readonly string[];
}

/** Reads the body of a chat completion request. */
export function readChatRequest(body: Body): FailureOr<ChatReading> {
  const stream = body.flag('stream') ?? false;
  const options = readOptions(body, OWN_OPTIONS);
  const ignoredParams: string[] = [...options.ignoredParams];
  const stop = readStop(body);
  const { customTools, ...tools } = readChatTools(body, ignoredParams);
  const request: ChatRequest = {
    model: readModel(body),
    messages: readChatMessages(body),
    ...tools,
    format: readFormat(body),
    sampling: { ...readSampling(body), ...options.sampling },
    stop: stop.length === 0 ? options.stop : stop,
    maxTokens: readMaxTokens(body) ?? options.maxTokens,
    thinking: readReasoning(body),
    thinkingName: thinkingName(body),
    logprobs: readLogprobs(body),
    stream,
    includeUsage: readStreamOptions(body, stream),
    original: body.json,
  };
  const choices = readChoices(body);
  const modalities = body.list('modalities');
  if (modalities?.some((item) => item !== 'text') === true) ignoredParams.push('modalities');
  addUnmetDefaults(body, ignoredParams);
  addUnusedMessageFields(body.list('messages') ?? [], ignoredParams);
  const { runner } = options;
  const value = { request, choices, customTools, runner, ignoredParams: ignoredParamsOf(body, ignoredParams) };
  return { ok: true, value };
}

/** Adds the parameters that ask for something other than the API's default; a model does only the default. */
function addUnmetDefaults(body: Body, ignoredParams: string[]): void {
  const verbosity = body.value('verbosity');
  const functions = body.value('functions');
  if (verbosity !== undefined && verbosity !== 'medium') ignoredParams.push('verbosity');
  const reasoning = usesNestedEffort(body) ? body.object('reasoning') : undefined;
  if (reasoning !== undefined) ignoredParams.push(...ignoredReasoning(reasoning, ['effort']));
  if (functions !== undefined && !(Array.isArray(functions) && functions.length === 0)) ignoredParams.push('functions');
}

/** Adds the fields of messages that no model's template has a place for. */
function addUnusedMessageFields(messages: readonly unknown[], ignoredParams: string[]): void {
  let hasName = false;
  let hasRefusal = false;
  for (const message of messages) {
    if (!isObject(message)) continue;
    const { role, name, refusal } = message;
    hasName ||= typeof name === 'string' && role !== 'tool' && role !== 'function';
    hasRefusal ||= typeof refusal === 'string' && refusal !== '';
  }
  if (hasName) ignoredParams.push('messages.name');
  if (hasRefusal) ignoredParams.push('messages.refusal');
}

function readMaxTokens(body: Body): number | undefined {
  const old = body.whole('max_tokens', 0);
  return body.whole('max_completion_tokens', 0) ?? old;
}

function readFormat(body: Body): ChatRequest['format'] {
  const format = body.object('response_format');
  const type = format?.['type'];
  if (format === undefined || type === undefined || type === 'text') return undefined;
  if (type === 'json_object') return 'json';
  const jsonSchema = format['json_schema'];
  const schema = isObject(jsonSchema) ? jsonSchema['schema'] : undefined;
  if (type === 'json_schema') return readSchema(body, 'response_format.json_schema.schema', schema);
  return body.refuse(
    'response_format.type',
    "Invalid value for 'response_format.type'. Supported values are: 'text', 'json_object', and 'json_schema'.",
  );
}

function readLogprobs(body: Body): number | undefined {
  const isRequested = body.flag('logprobs') ?? false;
  const top = body.whole('top_logprobs', 0, 20);
  // 0 asks for nothing: clients that write all defaults send it.
  if (!isRequested && top !== undefined && top > 0)
    return body.refuse('top_logprobs', "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.");
  return isRequested ? (top ?? 0) : undefined;
}
