import { Body, parseBody } from '../dialect/body.ts';
import type { Ask, Failure, Order, Outcome, Share } from '../../exchange.ts';
import { AnswerStream } from './answer-stream.ts';
import { AnswerWhole } from './answer-whole.ts';
import { readKeepAlive, readTextFields } from './fields.ts';
import { readImages } from './images.ts';
import { readMessages, readTools } from './messages.ts';
import { CHAT, GENERATE, head, NOTHING, type Shape } from './shape.ts';

/** Reads `POST /api/chat`; without messages it asks for the model to be loaded. */
export function readApiChat(bytes: Buffer): Outcome<Order> {
  return readOrder(bytes, (body, ignored) => {
    const { options, ...fields } = readTextFields(body, ignored);
    const messages = readMessages(body);
    const tools = readTools(body);
    ignored.push(...options.ignored);
    const given = { model: fields.model, ignored, runner: options.runner };
    noteKeepAlive(body, ignored);
    if (messages.length === 0)
      return loadOrder(body, given, () => ({
        ...head(given.model),
        ...CHAT(NOTHING),
        done: true,
        done_reason: 'load',
      }));
    return textOrder(given, fields.stream, CHAT, {
      kind: 'chat',
      request: { ...fields, messages, tools, mustCall: false, callSchema: undefined, parallelCalls: true },
    });
  });
}

/** Reads `POST /api/generate`; without a prompt it asks for the model to be loaded. */
export function readApiGenerate(bytes: Buffer): Outcome<Order> {
  return readOrder(bytes, (body, ignored) => {
    const { options, ...fields } = readTextFields(body, ignored);
    const [prompt, suffix, system, template] = ['prompt', 'suffix', 'system', 'template'].map(
      (name) => body.text(name) || undefined,
    );
    const raw = body.flag('raw') ?? false;
    const images = readImages(body, body.value('images'), 'images');
    const context = readContext(body);
    if (raw && (system !== undefined || template !== undefined || context !== undefined))
      body.refuse('raw', 'raw mode does not support template, system, or context');
    ignored.push(...options.ignored);
    const given = { model: fields.model, ignored, runner: options.runner };
    noteKeepAlive(body, ignored);
    if (prompt === undefined)
      return loadOrder(body, given, () => ({
        ...head(given.model),
        ...GENERATE(NOTHING),
        done: true,
        done_reason: 'load',
      }));
    return textOrder(given, fields.stream, GENERATE, {
      kind: 'completion',
      request: { ...fields, prompt, suffix, raw, images, context, system, template },
    });
  });
}

function readContext(body: Body): readonly number[] | undefined {
  const context = body.list('context') ?? [];
  if (context.every((token) => typeof token === 'number')) return context.length === 0 ? undefined : context;
  return body.refuse('context', 'context must be an array of numbers');
}

/** What every order has. */
export type Given = Pick<Order, 'model' | 'ignored' | 'runner'>;

/** Reads a body with one of these readers; what it leaves unread is ignored. */
export function readOrder(bytes: Buffer, read: (body: Body, ignored: string[]) => Order): Outcome<Order> {
  const body = parseBody(bytes);
  if (!(body instanceof Body)) return { ok: false, failure: body };
  const ignored: string[] = [];
  const order = read(body, ignored);
  ignored.push(...body.unread());
  return body.failure === undefined ? { ok: true, value: order } : { ok: false, failure: body.failure };
}

/** Notes a `keep_alive` as ignored: how long a model stays is its alias's to say. */
export function noteKeepAlive(body: Body, ignored: string[]): void {
  if (readKeepAlive(body) !== undefined) ignored.push('keep_alive');
}

/** An order for a model to be in memory; one for it to go is refused. */
export function loadOrder(body: Body, given: Given, answer: () => object): Order {
  if (readKeepAlive(body) === 'never') body.failure ??= UNLOAD;
  return {
    ...given,
    stream: false,
    shares: [{ asks: { kind: 'load' }, stream: false, writer: () => ({ write: () => '' }) }],
    close: () => JSON.stringify(answer()),
  };
}

const UNLOAD: Failure = {
  kind: 'forbidden',
  code: 'unload_refused',
  message: 'a model cannot be unloaded here: others use it too, and how long it stays is fixed for all of them',
};

function textOrder(given: Given, stream: boolean, shape: Shape, asks: Ask): Order {
  const { model } = given;
  if (stream) {
    // What clients take for a piece of the answer without any text; they know no other way to be told that it is still coming.
    const keepAlive = `${JSON.stringify({ ...head(model), ...shape(NOTHING), done: false })}\n`;
    return {
      ...given,
      stream,
      keepAlive,
      shares: [{ asks, stream, writer: () => new AnswerStream(model, shape) }],
      close: () => '',
    };
  }
  let last = new AnswerWhole(model, shape);
  const share: Share = { asks, stream, writer: () => (last = new AnswerWhole(model, shape)) };
  return { ...given, stream, shares: [share], close: () => last.body() };
}
