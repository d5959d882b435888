import { isObject, type Json } from '../../core/json.ts';
import type { Fields } from '../wire/fields.ts';
import type { StreamWish } from './reply.ts';

/** Fields that `/v1/chat/completions` and `/v1/completions` share. */
export const WISH_FIELDS: Fields = {
  model: { type: 'string' },
  stream: { type: 'bool' },
  stream_options: { type: 'object', goType: 'openai.StreamOptions', fields: { include_usage: { type: 'bool' } } },
};

/** Fields for sampling and length. */
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

/** Builds the native options of a request. temperature and top_p default to 1 and override the Modelfile. */
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

/** Reads `stream` and `stream_options`. */
export function readWish(body: Json): StreamWish {
  const options = body['stream_options'];
  return { stream: body['stream'] === true, includeUsage: isObject(options) && options['include_usage'] === true };
}
