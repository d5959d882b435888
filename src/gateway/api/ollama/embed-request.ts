import type { Body } from '../dialect/body.ts';
import type { ParsedRequest, ResponseEncoder } from '../../client-dialect.ts';
import type { EmbedRequest, FailureOr, ServerEvent, Usage } from '../../exchange.ts';
import { isLong, jsonPieces } from '../dialect/json-pieces.ts';
import type { Json } from '../../json.ts';
import { readApiModel } from './text-fields.ts';
import { ResponseMetrics } from './metrics.ts';
import { readOptions } from '../dialect/ollama-options.ts';
import { loadRequest, noteKeepAlive, readParsedRequest } from './parsed-request.ts';

/** The most texts of one request, as in OpenAI's API: a response has a vector for each. */
const MAX_INPUTS = 2048;

/** Reads `POST /api/embed`; without a text it requests that the model be loaded. */
export function readApiEmbed(bytes: Buffer): FailureOr<ParsedRequest> {
  return readParsedRequest(bytes, (body, ignoredParams) => {
    const dimensions = body.number('dimensions', -Infinity, Infinity) ?? 0;
    const request: EmbedFields = {
      input: readInput(body),
      dimensions: dimensions >= 1 ? Math.trunc(dimensions) : undefined,
      truncate: body.flag('truncate') ?? 'default',
    };
    return embedRequest(body, ignoredParams, request, (vectors, model, metrics) => ({
      model,
      embeddings: vectors,
      ...metrics,
    }));
  });
}

/** Reads `POST /api/embeddings`, the older endpoint: one text, whose vector is returned as the model gives it. */
export function readApiEmbeddings(bytes: Buffer): FailureOr<ParsedRequest> {
  return readParsedRequest(bytes, (body, ignoredParams) => {
    const prompt = body.text('prompt') ?? '';
    return embedRequest(
      body,
      ignoredParams,
      { input: prompt === '' ? [] : [prompt], dimensions: undefined, plain: true },
      ([first]) => ({ embedding: first ?? [] }),
    );
  });
}

type EmbedFields = Omit<EmbedRequest, 'model' | 'base64' | 'original'>;

type BodyBuilder = (vectors: readonly (readonly number[])[], model: string, metrics?: object) => Json;

function embedRequest(body: Body, ignoredParams: string[], fields: EmbedFields, buildBody: BodyBuilder): ParsedRequest {
  const model = readApiModel(body);
  // Sampling options have no effect on embeddings.
  const options = readOptions(body);
  ignoredParams.push(...options.ignoredParams);
  const common = { model, ignoredParams, runner: options.runner };
  noteKeepAlive(body, ignoredParams);
  if (fields.input.length === 0) return loadRequest(body, common, () => buildBody([], model));
  const params: EmbedRequest = { ...fields, model, base64: false, original: undefined };
  let last = new Vectors();
  return {
    ...common,
    stream: false,
    subrequests: [{ request: { kind: 'embed', params }, stream: false, encoder: () => (last = new Vectors()) }],
    close: ([usage]) => JSON.stringify(buildBody(last.vectors, model, last.metrics(usage))),
    closeInPieces: ([usage]) =>
      isLong(last.vectors)
        ? jsonPieces(buildBody(last.vectors, model, last.metrics(usage)), 'embeddings', last.vectors)
        : undefined,
  };
}

function readInput(body: Body): readonly string[] {
  const input = body.value('input');
  if (input === undefined || input === '') return [];
  const list = body.bounded('input', Array.isArray(input) ? input : [input], MAX_INPUTS);
  if (list.every((item) => typeof item === 'string')) return list;
  body.refuse('input', 'invalid input type');
  return [];
}

/** Keeps the vectors of a response. */
class Vectors implements ResponseEncoder {
  readonly #metrics = new ResponseMetrics();
  vectors: readonly (readonly number[])[] = [];

  encode(event: ServerEvent): string {
    if (event.kind === 'vectors') this.vectors = event.vectors;
    return '';
  }

  metrics(usage: Usage = { promptTokens: 0, completionTokens: 0 }): object {
    const { total_duration, load_duration, prompt_eval_count } = this.#metrics.metrics(usage);
    return { total_duration, load_duration, prompt_eval_count };
  }
}
