import type { EmbedBody } from '../native/body.ts';
import type { Call } from '../native/call.ts';
import { embed } from '../native/embed.ts';
import { readStruct, type Fields } from '../wire/fields.ts';
import { goJson, parseBody } from '../wire/json.ts';
import type { Line } from '../wire/line.ts';
import { refusing, type Reply } from '../wire/reply.ts';
import { Refusal } from '../wire/refusal.ts';
import { failureBody } from './failure.ts';

const FIELDS: Fields = {
  model: { type: 'string' },
  input: { type: 'any' },
  dimensions: { type: 'int' },
  encoding_format: { type: 'string' },
};

/** `/v1/embeddings`. */
export async function embedTexts(call: Call): Promise<void> {
  const body = readStruct(parseBody(call.text, 'EOF'), 'EmbedRequest', FIELDS, 'openai.EmbedRequest');
  const { input, model, dimensions } = body;
  const format = typeof body['encoding_format'] === 'string' ? body['encoding_format'] : '';
  if (!/^(?:float|base64)?$/i.test(format))
    throw new Refusal(400, `Invalid value for 'encoding_format' = ${format}. Supported values: ['float', 'base64'].`);
  if (input === undefined || (Array.isArray(input) && input.length === 0)) throw new Refusal(400, 'invalid input');
  const texts =
    typeof input === 'string'
      ? [input]
      : Array.isArray(input) && input.every((one) => typeof one === 'string')
        ? input
        : undefined;
  const asked = typeof model === 'string' ? model : '';
  const reply = new EmbeddingReply(call.line, asked, format.toLowerCase() === 'base64');
  if (texts === undefined) {
    reply.refuse(400, 'invalid input type');
    return;
  }
  const request = {
    model: asked,
    input: texts,
    dimensions: typeof dimensions === 'number' ? dimensions : 0,
    options: {},
    keepAlive: undefined,
    truncate: true,
  };
  await refusing(reply, () => embed(call, request, reply));
}

class EmbeddingReply implements Reply<EmbedBody> {
  readonly #line: Line;
  readonly #model: string;
  readonly #base64: boolean;

  constructor(line: Line, model: string, base64: boolean) {
    this.#line = line;
    this.#model = model;
    this.#base64 = base64;
  }

  whole(body: EmbedBody): void {
    const data = body.embeddings.map((vector, index) => ({
      object: 'embedding',
      embedding: this.#base64 ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector,
      index,
    }));
    const tokens = body.prompt_eval_count ?? 0;
    this.#line.whole(
      200,
      'plainJson',
      `${goJson({ object: 'list', data, model: this.#model, usage: { prompt_tokens: tokens, total_tokens: tokens } })}\n`,
    );
  }

  async piece(body: EmbedBody): Promise<void> {
    this.whole(body);
  }

  refuse(status: number, message: string): void {
    this.#line.whole(status, 'plainJson', `${failureBody(status, message)}\n`);
  }

  async garbage(text: string): Promise<void> {
    this.#line.whole(200, 'plainJson', text);
  }

  end(): void {
    this.#line.end();
  }
}
