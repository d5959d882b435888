import { typeName, type Body } from '../dialect/body.ts';
import { isObject } from '../../json.ts';
import type { ChatRequest } from '../../exchange.ts';
import { readOptions, type Options } from '../dialect/ollama-options.ts';

/** The fields of a text request, beside its prompt. */
export interface TextFields extends Pick<
  ChatRequest,
  | 'model'
  | 'format'
  | 'sampling'
  | 'stop'
  | 'maxTokens'
  | 'thinking'
  | 'thinkingName'
  | 'formatName'
  | 'logprobs'
  | 'truncate'
  | 'shift'
  | 'stream'
  | 'includeUsage'
  | 'original'
> {
  readonly options: Options;
}

/** Reads the fields that `/api/chat` and `/api/generate` share. */
export function readTextFields(body: Body, ignoredParams: string[]): TextFields {
  const options = readOptions(body);
  const { sampling, stop, maxTokens } = options;
  return {
    model: readApiModel(body),
    format: readFormat(body),
    formatName: 'format',
    sampling,
    stop,
    maxTokens,
    thinking: readThinking(body),
    thinkingName: 'think',
    logprobs: readLogprobs(body, ignoredParams),
    truncate: body.flag('truncate') ?? 'default',
    shift: body.flag('shift') ?? 'default',
    stream: body.flag('stream') ?? true,
    includeUsage: true,
    original: undefined,
    options,
  };
}

/** Reads `model`. */
export function readApiModel(body: Body): string {
  const model = body.text('model');
  if (model === undefined || model === '') body.refuse('model', 'model is required');
  return model ?? '';
}

// The syntax of Go's ParseDuration: only zero needs no unit.
const MAX_DURATION_LENGTH = 40;
const DURATION = /^[-+]?(?:(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/;

/** Reads `keep_alive`; `never` requests that the model be unloaded. */
export function readKeepAlive(body: Body): 'never' | 'some' | undefined {
  const value = body.value('keep_alive');
  if (value === undefined) return undefined;
  if (typeof value === 'number') return value === 0 ? 'never' : 'some';
  if (typeof value === 'string' && value.length <= MAX_DURATION_LENGTH && DURATION.test(value))
    return /[1-9]/.test(value) ? 'some' : 'never';
  return body.refuse('keep_alive', `time: invalid duration ${printable(value)}`);
}

function readFormat(body: Body): ChatRequest['format'] {
  const format = body.value('format');
  if (format === undefined || format === '') return undefined;
  if (format === 'json' || isObject(format)) return format;
  return body.refuse('format', `invalid format: ${printable(format)}; expected "json" or a valid JSON Schema object`);
}

function readThinking(body: Body): ChatRequest['thinking'] {
  const think = body.value('think');
  if (think === undefined || typeof think === 'boolean' || think === 'low' || think === 'medium' || think === 'high')
    return think;
  // Servers before 0.22 do not support `max`.
  if (think === 'max') return 'high';
  return body.refuse(
    'think',
    `invalid think value: ${printable(think)} (must be "high", "medium", "low", "max", true, or false)`,
  );
}

function readLogprobs(body: Body, ignoredParams: string[]): number | undefined {
  const [isRequested, top] = [body.flag('logprobs') ?? false, body.number('top_logprobs', -Infinity, Infinity)];
  if (top !== undefined && !(Number.isInteger(top) && top >= 0 && top <= 20))
    return body.refuse('top_logprobs', 'top_logprobs must be between 0 and 20');
  if (!isRequested && top !== undefined && top > 0) ignoredParams.push('top_logprobs');
  return isRequested ? (top ?? 0) : undefined;
}

// Only strings are quoted: a deeply nested value can be parsed but not serialised.
function printable(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : typeName(value);
}
