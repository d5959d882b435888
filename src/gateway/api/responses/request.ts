import type { Body } from '../dialect/body.ts';
import { ignoredParamsOf, ignoredReasoning } from '../dialect/ignored-params.ts';
import { isObject, type Json } from '../../json.ts';
import { readEffort, readModel, readSampling, readStop } from '../dialect/sampling.ts';
import { readSchema } from '../dialect/schema.ts';
import type { ChatRequest, FailureOr } from '../../exchange.ts';
import { readInput } from './input.ts';
import { settingsOf, type Settings } from './settings.ts';
import { refuseStoredState } from './stored-state.ts';
import type { KnownTool } from './tool.ts';
import { readResponseTools } from './tools.ts';

/**
 * A parsed responses request: the model request, the settings that the response repeats, and the parameters that Ollama does not
 * support.
 */
export interface ResponseReading {
  readonly request: ChatRequest;
  readonly settings: Settings;
  /** The tools as the client defined them, by the names that the model knows. */
  readonly toolsByName: ReadonlyMap<string, KnownTool>;
  /** Whether thinking is sent as a summary: clients that request a summary read only that. */
  readonly summary: boolean;
  readonly ignoredParams: readonly string[];
}

/** Reads the body of a responses request. */
export function readResponseRequest(body: Body): FailureOr<ResponseReading> {
  refuseStoredState(body);
  const ignoredParams: string[] = [];
  const stream = body.flag('stream') ?? false;
  const { toolsByName, echoedTools, ...tools } = readResponseTools(body, ignoredParams);
  const reasoning: Json = body.object('reasoning') ?? {};
  const request: ChatRequest = {
    model: readModel(body),
    messages: readInput(body, ignoredParams),
    ...tools,
    format: readFormat(body, ignoredParams),
    formatName: 'text.format',
    sampling: readSampling(body),
    stop: readStop(body),
    maxTokens: body.whole('max_output_tokens', 1),
    thinking: readThinking(body, reasoning),
    thinkingName: 'reasoning.effort',
    logprobs: readLogprobs(body, ignoredParams),
    stream,
    includeUsage: true,
    original: undefined,
  };
  readStreamOptions(body, stream);
  readTruncation(body, ignoredParams);
  ignoredParams.push(...ignoredReasoning(reasoning, ['effort', 'summary', 'generate_summary']));
  const settings = settingsOf(body, echoedTools);
  const summary = isText(reasoning['summary']) || isText(reasoning['generate_summary']);
  const value = { request, settings, toolsByName, summary, ignoredParams: ignoredParamsOf(body, ignoredParams) };
  return { ok: true, value };
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function readFormat(body: Body, ignoredParams: string[]): ChatRequest['format'] {
  const text: Json = body.object('text') ?? {};
  const verbosity = text['verbosity'] ?? 'medium';
  if (verbosity !== 'medium') ignoredParams.push('text.verbosity');
  const value = text['format'] ?? { type: 'text' };
  const format: Json = isObject(value) ? value : {};
  const { type, schema } = format;
  if (type === 'text') return undefined;
  if (type === 'json_object') return 'json';
  if (type === 'json_schema') return readSchema(body, 'text.format.schema', schema);
  return body.refuse(
    'text.format.type',
    "Invalid value for 'text.format.type'. Supported values are: 'text', 'json_object', and 'json_schema'.",
  );
}

function readThinking(body: Body, { effort }: Json): ChatRequest['thinking'] {
  if (effort === undefined || effort === null) return undefined;
  return readEffort(body, typeof effort === 'string' ? effort : '', 'reasoning.effort');
}

/**
 * Values of `include` without effect: they concern tools that OpenAI runs itself and the gateway does not, or images in the input.
 */
const HOSTED_TOOL_INCLUDES =
  /^(?:web_search_call|file_search_call|computer_call_output|code_interpreter_call|message\.input_image)\./;

function readLogprobs(body: Body, ignoredParams: string[]): number | undefined {
  const top = body.whole('top_logprobs', 0, 20) ?? 0;
  const include = body.list('include') ?? [];
  if (!include.every((name) => typeof name === 'string'))
    return body.refuse('include', "Invalid type for 'include': expected an array of strings.");
  const isRequested = include.includes('message.output_text.logprobs') || top > 0;
  for (const name of include)
    if (name !== 'message.output_text.logprobs' && !HOSTED_TOOL_INCLUDES.test(name))
      ignoredParams.push(`include.${name}`);
  return isRequested ? top : undefined;
}

function readStreamOptions(body: Body, stream: boolean): void {
  if (body.object('stream_options') !== undefined && !stream)
    body.refuse('stream_options', "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
}

function readTruncation(body: Body, ignoredParams: string[]): void {
  const truncation = body.value('truncation') ?? 'disabled';
  if (truncation === 'auto') ignoredParams.push('truncation');
  else if (truncation !== 'disabled')
    body.refuse('truncation', "Invalid value for 'truncation'. Supported values are: 'auto' and 'disabled'.");
}
