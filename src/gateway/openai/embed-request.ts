import type { EmbedRequest, Outcome } from '../exchange.ts';
import type { Body } from './body.ts';

const MAX_INPUTS = 2048;

/** Reads the body of an embeddings request. */
export function readEmbedRequest(body: Body): Outcome<EmbedRequest> {
  const model = body.text('model');
  if (model === undefined || model === '') body.refuse('model', "Missing required parameter: 'model'.");
  const input = readInput(body);
  const format = body.text('encoding_format');
  if (format !== undefined && format !== 'float' && format !== 'base64') body.refuse('encoding_format', "Invalid value for 'encoding_format'. Supported values are: 'float' and 'base64'.");
  const dimensions = body.whole('dimensions', 1);
  body.value('user');
  const request = { model: model ?? '', input, dimensions, base64: format === 'base64', ignored: body.unread(), original: body.json };
  return body.failure === undefined ? { ok: true, value: request } : { ok: false, failure: body.failure };
}

function readInput(body: Body): readonly string[] {
  const input = body.value('input');
  const list: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (input === undefined) body.refuse('input', "Missing required parameter: 'input'.");
  else if (!list.every((item) => typeof item === 'string')) body.refuse('input', "Invalid 'input': expected a string or an array of strings; arrays of tokens have no meaning for the models behind this server.");
  else if (list.length === 0 || list.includes('')) body.refuse('input', "Invalid 'input': input cannot be an empty string or an empty array.");
  else if (list.length > MAX_INPUTS) body.refuse('input', `Invalid 'input': at most ${String(MAX_INPUTS)} inputs are taken at once.`);
  return list.filter((item) => typeof item === 'string');
}
