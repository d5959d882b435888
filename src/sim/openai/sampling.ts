import { isObject, type Json } from '../wire/json.ts';
import type { Fields } from '../wire/fields.ts';
import type { StreamWish } from './reply.ts';

/** Fields that chat and plain completions share. */
export const WISH_FIELDS: Fields = {
  model: { type: 'string' },
  stream: { type: 'bool' },
  stream_options: { type: 'object', goType: 'openai.StreamOptions', fields: { include_usage: { type: 'bool' } } },
};

/** What steers the choice of tokens. */
export const SAMPLING_FIELDS: Fields = {
  max_tokens: { type: 'int' },
  seed: { type: 'int' },
  stop: { type: 'any' },
  temperature: { type: 'float64' },
  top_p: { type: 'float64' },
  frequency_penalty: { type: 'float64' },
  presence_penalty: { type: 'float64' },
};

const NATIVE: readonly (readonly [string, string])[] = [
  ['max_tokens', 'num_predict'],
  ['seed', 'seed'],
  ['frequency_penalty', 'frequency_penalty'],
  ['presence_penalty', 'presence_penalty'],
];

/** The native options that a request stands for. What it does not say of temperature and top_p is 1, over the Modelfile's. */
export function readSampling(body: Json): Json {
  const given = NATIVE.filter(([own]) => body[own] !== undefined).map(([own, native]) => [native, body[own]]);
  const stop = body['stop'];
  const stops =
    typeof stop === 'string'
      ? { stop: [stop] }
      : Array.isArray(stop)
        ? { stop: stop.filter((one) => typeof one === 'string') }
        : {};
  return { ...Object.fromEntries(given), ...stops, temperature: body['temperature'] ?? 1, top_p: body['top_p'] ?? 1 };
}

/** Whether a stream is wanted, and its usage. */
export function readWish(body: Json): StreamWish {
  const options = body['stream_options'];
  return { stream: body['stream'] === true, includeUsage: isObject(options) && options['include_usage'] === true };
}
