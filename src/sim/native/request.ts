import { readKeepAlive, type KeepAlive } from '../runner/keep-alive.ts';
import type { Json } from '../../core/json.ts';
import { parseBody } from '../wire/json.ts';
import { readStruct, type Fields } from '../wire/fields.ts';
import { Refusal } from '../wire/refusal.ts';

/** The fields that chat, generate and embed have in common. */
export interface Request {
  readonly model: string;
  readonly keepAlive: KeepAlive | undefined;
  readonly options: Json;
  readonly truncate: boolean;
}

/** A request for a generated answer. */
export interface AnswerRequest extends Request {
  readonly stream: boolean;
  readonly format: unknown;
  /** `undefined`: the request does not say. */
  readonly think: boolean | undefined;
  /** -1: no log probabilities. */
  readonly topLogprobs: number;
  readonly renderOnly: boolean;
}

/** The fields of every request. */
export const REQUEST_FIELDS: Fields = {
  model: { type: 'string' },
  keep_alive: { type: 'any' },
  options: { type: 'map' },
  truncate: { type: 'bool' },
};

/** The fields of a request for a generated answer. */
export const ANSWER_FIELDS: Fields = {
  ...REQUEST_FIELDS,
  stream: { type: 'bool' },
  format: { type: 'any' },
  think: { type: 'any' },
  shift: { type: 'bool' },
  logprobs: { type: 'bool' },
  top_logprobs: { type: 'int' },
  _debug_render_only: { type: 'bool' },
};

/** Parses a body and checks it against a struct of the native API. */
export function readBody(text: string, struct: string, fields: Fields): Json {
  return readStruct(parseBody(text, 'missing request body'), struct, fields);
}

/** Reads the fields of every request. */
export function readRequest(body: Json): Request {
  return {
    model: textOf(body['model']),
    keepAlive: readKeepAlive(body['keep_alive']),
    options: (body['options'] ?? {}) as Json,
    truncate: body['truncate'] !== false,
  };
}

/** Reads the fields of a request for a generated answer. */
export function readAnswerRequest(body: Json): AnswerRequest {
  const request = readRequest(body);
  const top = body['top_logprobs'];
  const think = readThink(body['think']);
  if (typeof top === 'number' && (top < 0 || top > 20)) throw new Refusal(400, 'top_logprobs must be between 0 and 20');
  return {
    ...request,
    think,
    stream: body['stream'] !== false,
    format: body['format'] === '' ? undefined : (body['format'] ?? undefined),
    topLogprobs: body['logprobs'] === true ? (typeof top === 'number' ? top : 0) : -1,
    renderOnly: body['_debug_render_only'] === true,
  };
}

const LEVELS = new Set(['high', 'medium', 'low', 'max']);

function readThink(value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  if (typeof value !== 'string')
    throw new Refusal(400, 'think must be a boolean or string ("high", "medium", "low", "max", true, or false)');
  if (!LEVELS.has(value))
    throw new Refusal(
      400,
      `invalid think value: ${JSON.stringify(value)} (must be "high", "medium", "low", "max", true, or false)`,
    );
  return true;
}

/** A string field; empty if it is absent. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
