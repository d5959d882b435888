import type { Body } from '../dialect/body.ts';
import { ignoredParamsOf } from '../dialect/ignored-params.ts';
import { OWN_OPTIONS, readOptions, type Options } from '../dialect/ollama-options.ts';
import { readModel } from '../dialect/sampling.ts';
import type { EmbedRequest, FailureOr } from '../../exchange.ts';

const MAX_INPUTS = 2048;

/** A parsed embeddings request, and the parameters that Ollama does not support. */
export interface EmbedReading {
  readonly request: EmbedRequest;
  readonly runner: Options['runner'];
  readonly ignoredParams: readonly string[];
}

/** Reads the body of an embeddings request. */
export function readEmbedRequest(body: Body): FailureOr<EmbedReading> {
  const model = readModel(body);
  const input = readInput(body);
  // Sampling options have no effect on embeddings.
  const options = readOptions(body, OWN_OPTIONS);
  const format = body.text('encoding_format');
  if (format !== undefined && format !== 'float' && format !== 'base64')
    body.refuse('encoding_format', "Invalid value for 'encoding_format'. Supported values are: 'float' and 'base64'.");
  const request = {
    model,
    input,
    dimensions: body.whole('dimensions', 1),
    base64: format === 'base64',
    original: body.json,
  };
  const value = { request, runner: options.runner, ignoredParams: ignoredParamsOf(body, options.ignoredParams) };
  return { ok: true, value };
}

function readInput(body: Body): readonly string[] {
  const input = body.value('input');
  const list: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (input === undefined) body.refuse('input', "Missing required parameter: 'input'.");
  else if (!list.every((item) => typeof item === 'string'))
    body.refuse(
      'input',
      "Invalid 'input': expected a string or an array of strings; arrays of tokens are not supported.",
    );
  else if (list.length === 0 || list.includes(''))
    body.refuse('input', "Invalid 'input': input cannot be an empty string or an empty array.");
  else if (list.length > MAX_INPUTS)
    body.refuse('input', `Invalid 'input': at most ${String(MAX_INPUTS)} inputs per request are supported.`);
  return list.filter((item) => typeof item === 'string');
}
