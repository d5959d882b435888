import { readBytes, type Body } from '../dialect/body.ts';
import type { ParsedRequest, Subrequest } from '../../client-dialect.ts';
import type { ModelRequest, Failure, FailureOr } from '../../exchange.ts';
import { NdjsonEncoder } from './ndjson-encoder.ts';
import { JsonBodyEncoder } from './json-body-encoder.ts';
import { readKeepAlive, readTextFields } from './text-fields.ts';
import { readImages } from './images.ts';
import { readApiMessages, readApiTools } from './messages.ts';
import { CHAT, GENERATE, responseHead, EMPTY_OUTPUT, type ResponseShape } from './response-shape.ts';

/** Reads `POST /api/chat`; without messages it requests that the model be loaded. */
export function readApiChat(bytes: Buffer): FailureOr<ParsedRequest> {
  return readParsedRequest(bytes, (body, ignoredParams) => {
    const { options, ...fields } = readTextFields(body, ignoredParams);
    const messages = readApiMessages(body);
    const tools = readApiTools(body);
    ignoredParams.push(...options.ignoredParams);
    const common = { model: fields.model, ignoredParams, runner: options.runner };
    noteKeepAlive(body, ignoredParams);
    if (messages.length === 0)
      return loadRequest(body, common, () => ({
        ...responseHead(common.model),
        ...CHAT(EMPTY_OUTPUT),
        done: true,
        done_reason: 'load',
      }));
    return textRequest(common, fields.stream, CHAT, {
      kind: 'chat',
      params: { ...fields, messages, tools, mustCall: false, parallelCalls: true },
    });
  });
}

/** Reads `POST /api/generate`; without a prompt it requests that the model be loaded. */
export function readApiGenerate(bytes: Buffer): FailureOr<ParsedRequest> {
  return readParsedRequest(bytes, (body, ignoredParams) => {
    const { options, ...fields } = readTextFields(body, ignoredParams);
    const [prompt, suffix, system, template] = ['prompt', 'suffix', 'system', 'template'].map(
      (name) => body.text(name) || undefined,
    );
    const raw = body.flag('raw') ?? false;
    const images = readImages(body, body.value('images'), 'images');
    const context = readContext(body);
    if (raw && (system !== undefined || template !== undefined || context !== undefined))
      body.refuse('raw', 'raw mode does not support template, system, or context');
    ignoredParams.push(...options.ignoredParams);
    const common = { model: fields.model, ignoredParams, runner: options.runner };
    noteKeepAlive(body, ignoredParams);
    if (prompt === undefined)
      return loadRequest(body, common, () => ({
        ...responseHead(common.model),
        ...GENERATE(EMPTY_OUTPUT),
        done: true,
        done_reason: 'load',
      }));
    return textRequest(common, fields.stream, GENERATE, {
      kind: 'completion',
      params: { ...fields, prompt, suffix, raw, images, context, system, template },
    });
  });
}

/** The most tokens of a `context`: above the context length of any model. */
const MAX_CONTEXT = 400_000;

function readContext(body: Body): readonly number[] | undefined {
  const context = body.list('context', MAX_CONTEXT) ?? [];
  if (context.every((token) => typeof token === 'number')) return context.length === 0 ? undefined : context;
  return body.refuse('context', 'context must be an array of numbers');
}

/** The fields that every parsed request has. */
export type CommonFields = Pick<ParsedRequest, 'model' | 'ignoredParams' | 'runner'>;

/** Reads a body with the given reader; fields that it does not read are listed as ignored. */
export function readParsedRequest(
  bytes: Buffer,
  read: (body: Body, ignoredParams: string[]) => ParsedRequest,
): FailureOr<ParsedRequest> {
  return readBytes(bytes, (body) => {
    const ignoredParams: string[] = [];
    const value = read(body, ignoredParams);
    // An answer in one piece is not streamed.
    if (body.json['stream'] === false) body.value('stream');
    for (const name of body.unread()) ignoredParams.push(name);
    return { ok: true, value };
  });
}

/** Lists a `keep_alive` as ignored: the configuration of the alias sets how long a model stays loaded. */
export function noteKeepAlive(body: Body, ignoredParams: string[]): void {
  if (readKeepAlive(body) !== undefined) ignoredParams.push('keep_alive');
}

/** A request to load the model; a request to unload it is rejected. */
export function loadRequest(body: Body, common: CommonFields, buildBody: () => object): ParsedRequest {
  if (readKeepAlive(body) === 'never') body.fail(UNLOAD_FAILURE);
  return {
    ...common,
    stream: false,
    subrequests: [{ request: { kind: 'load' }, stream: false, encoder: () => ({ encode: () => '' }) }],
    close: () => JSON.stringify(buildBody()),
  };
}

const UNLOAD_FAILURE: Failure = {
  kind: 'forbidden',
  code: 'unload_refused',
  message:
    'clients cannot unload a model: other clients use it too, and the configuration fixes how long it stays loaded',
};

function textRequest(
  common: CommonFields,
  stream: boolean,
  shape: ResponseShape,
  request: ModelRequest,
): ParsedRequest {
  const { model } = common;
  if (stream) {
    // A chunk without text keeps the stream alive; clients recognise no other sign that the response is still coming.
    const keepAlive = `${JSON.stringify({ ...responseHead(model), ...shape(EMPTY_OUTPUT), done: false })}\n`;
    return {
      ...common,
      stream,
      keepAlive,
      subrequests: [{ request, stream, encoder: () => new NdjsonEncoder(model, shape) }],
      close: () => '',
    };
  }
  let last = new JsonBodyEncoder(model, shape);
  const subrequest: Subrequest = { request, stream, encoder: () => (last = new JsonBodyEncoder(model, shape)) };
  return { ...common, stream, subrequests: [subrequest], close: () => last.body() };
}
