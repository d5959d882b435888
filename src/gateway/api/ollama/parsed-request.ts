import { Body, parseBody } from '../dialect/body.ts';
import type { ParsedRequest, Subrequest } from '../../client-dialect.ts';
import type { ModelRequest, Failure, FailureOr } from '../../exchange.ts';
import { AnswerStream } from './answer-stream.ts';
import { AnswerWhole } from './answer-whole.ts';
import { readKeepAlive, readTextFields } from './fields.ts';
import { readImages } from './images.ts';
import { readApiMessages, readApiTools } from './messages.ts';
import { CHAT, GENERATE, head, NOTHING, type ResponseShape } from './shape.ts';

/** Reads `POST /api/chat`; without messages it asks for the model to be loaded. */
export function readApiChat(bytes: Buffer): FailureOr<ParsedRequest> {
  return readParsedRequest(bytes, (body, ignoredParams) => {
    const { options, ...fields } = readTextFields(body, ignoredParams);
    const messages = readApiMessages(body);
    const tools = readApiTools(body);
    ignoredParams.push(...options.ignoredParams);
    const given = { model: fields.model, ignoredParams, runner: options.runner };
    noteKeepAlive(body, ignoredParams);
    if (messages.length === 0)
      return loadRequest(body, given, () => ({
        ...head(given.model),
        ...CHAT(NOTHING),
        done: true,
        done_reason: 'load',
      }));
    return textOrder(given, fields.stream, CHAT, {
      kind: 'chat',
      params: { ...fields, messages, tools, mustCall: false, callSchema: undefined, parallelCalls: true },
    });
  });
}

/** Reads `POST /api/generate`; without a prompt it asks for the model to be loaded. */
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
    const given = { model: fields.model, ignoredParams, runner: options.runner };
    noteKeepAlive(body, ignoredParams);
    if (prompt === undefined)
      return loadRequest(body, given, () => ({
        ...head(given.model),
        ...GENERATE(NOTHING),
        done: true,
        done_reason: 'load',
      }));
    return textOrder(given, fields.stream, GENERATE, {
      kind: 'completion',
      params: { ...fields, prompt, suffix, raw, images, context, system, template },
    });
  });
}

function readContext(body: Body): readonly number[] | undefined {
  const context = body.list('context') ?? [];
  if (context.every((token) => typeof token === 'number')) return context.length === 0 ? undefined : context;
  return body.refuse('context', 'context must be an array of numbers');
}

/** What every order has. */
export type Given = Pick<ParsedRequest, 'model' | 'ignoredParams' | 'runner'>;

/** Reads a body with one of these readers; what it leaves unread is ignored. */
export function readParsedRequest(
  bytes: Buffer,
  read: (body: Body, ignoredParams: string[]) => ParsedRequest,
): FailureOr<ParsedRequest> {
  const body = parseBody(bytes);
  if (!(body instanceof Body)) return { ok: false, failure: body };
  const ignoredParams: string[] = [];
  const order = read(body, ignoredParams);
  ignoredParams.push(...body.unread());
  return body.failure === undefined ? { ok: true, value: order } : { ok: false, failure: body.failure };
}

/** Notes a `keep_alive` as ignored: how long a model stays is its alias's to say. */
export function noteKeepAlive(body: Body, ignoredParams: string[]): void {
  if (readKeepAlive(body) !== undefined) ignoredParams.push('keep_alive');
}

/** An order for a model to be in memory; one for it to go is refused. */
export function loadRequest(body: Body, given: Given, answer: () => object): ParsedRequest {
  if (readKeepAlive(body) === 'never') body.failure ??= UNLOAD;
  return {
    ...given,
    stream: false,
    subrequests: [{ request: { kind: 'load' }, stream: false, encoder: () => ({ encode: () => '' }) }],
    close: () => JSON.stringify(answer()),
  };
}

const UNLOAD: Failure = {
  kind: 'forbidden',
  code: 'unload_refused',
  message: 'a model cannot be unloaded here: others use it too, and how long it stays is fixed for all of them',
};

function textOrder(given: Given, stream: boolean, shape: ResponseShape, request: ModelRequest): ParsedRequest {
  const { model } = given;
  if (stream) {
    // What clients take for a piece of the answer without any text; they know no other way to be told that it is still coming.
    const keepAlive = `${JSON.stringify({ ...head(model), ...shape(NOTHING), done: false })}\n`;
    return {
      ...given,
      stream,
      keepAlive,
      subrequests: [{ request, stream, encoder: () => new AnswerStream(model, shape) }],
      close: () => '',
    };
  }
  let last = new AnswerWhole(model, shape);
  const subrequest: Subrequest = { request, stream, encoder: () => (last = new AnswerWhole(model, shape)) };
  return { ...given, stream, subrequests: [subrequest], close: () => last.body() };
}
