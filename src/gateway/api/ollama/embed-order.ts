import type { Body } from '../dialect/body.ts';
import type { EmbedRequest, Order, Outcome, ReplyWriter, ServerEvent, Usage } from '../../exchange.ts';
import { readModel } from './fields.ts';
import { Watch } from './metrics.ts';
import { readOptions } from './options.ts';
import { loadOrder, noteKeepAlive, readOrder } from './order.ts';

/** Reads `POST /api/embed`; without a text it asks for the model to be loaded. */
export function readApiEmbed(bytes: Buffer): Outcome<Order> {
  return readOrder(bytes, (body, ignored) => {
    const dimensions = body.number('dimensions', -Infinity, Infinity) ?? 0;
    const request = {
      input: readInput(body),
      dimensions: dimensions >= 1 ? Math.trunc(dimensions) : undefined,
      truncate: body.flag('truncate'),
    };
    return embedOrder(body, ignored, request, ([...vectors], model, metrics) =>
      metrics === undefined ? { model, embeddings: vectors } : { model, embeddings: vectors, ...metrics },
    );
  });
}

/** Reads `POST /api/embeddings`, the older form: one text, whose vector is as the model gives it. */
export function readApiEmbeddings(bytes: Buffer): Outcome<Order> {
  return readOrder(bytes, (body, ignored) => {
    const prompt = body.text('prompt') ?? '';
    return embedOrder(
      body,
      ignored,
      { input: prompt === '' ? [] : [prompt], dimensions: undefined, plain: true },
      ([first]) => ({ embedding: first ?? [] }),
    );
  });
}

type Answer = (vectors: readonly (readonly number[])[], model: string, metrics?: object) => object;

function embedOrder(
  body: Body,
  ignored: string[],
  asked: Omit<EmbedRequest, 'model' | 'base64' | 'original'>,
  answer: Answer,
): Order {
  const model = readModel(body);
  // What steers the choice of tokens changes nothing where none are chosen.
  const options = readOptions(body);
  ignored.push(...options.ignored);
  const given = { model, ignored, runner: options.runner };
  noteKeepAlive(body, ignored);
  if (asked.input.length === 0) return loadOrder(body, given, () => answer([], model));
  const request: EmbedRequest = { ...asked, model, base64: false, original: undefined };
  let last = new Vectors();
  return {
    ...given,
    stream: false,
    shares: [{ asks: { kind: 'embed', request }, stream: false, writer: () => (last = new Vectors()) }],
    close: ([usage]) => JSON.stringify(answer(last.vectors, model, last.metrics(usage))),
  };
}

function readInput(body: Body): readonly string[] {
  const input = body.value('input');
  if (input === undefined || input === '') return [];
  const list: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (list.every((item) => typeof item === 'string')) return list;
  body.refuse('input', 'invalid input type');
  return [];
}

/** Keeps the vectors of an answer. */
class Vectors implements ReplyWriter {
  readonly #watch = new Watch();
  vectors: readonly (readonly number[])[] = [];

  write(event: ServerEvent): string {
    if (event.kind === 'vectors') this.vectors = event.vectors;
    return '';
  }

  metrics(usage: Usage = { promptTokens: 0, completionTokens: 0 }): object {
    const { total_duration, load_duration, prompt_eval_count } = this.#watch.metrics(usage);
    return { total_duration, load_duration, prompt_eval_count };
  }
}
