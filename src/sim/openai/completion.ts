import type { GenerateBody } from '../native/body.ts';
import type { Call } from '../native/call.ts';
import { generate, type GenerateRequest } from '../native/generate.ts';
import { goTypeOf, readStruct, type Fields } from '../wire/fields.ts';
import type { Json } from '../../core/json.ts';
import { parseBody } from '../wire/json.ts';
import { Refusal } from '../wire/refusal.ts';
import { refusing } from '../wire/reply.ts';
import { OpenAiReply, usageOf, type StreamWish, type Translation } from './reply.ts';
import { readSampling, readWish, SAMPLING_FIELDS, WISH_FIELDS } from './sampling.ts';
import { pickId, seconds } from './stamp.ts';

const FIELDS: Fields = {
  ...WISH_FIELDS,
  ...SAMPLING_FIELDS,
  prompt: { type: 'string' },
  suffix: { type: 'string' },
  logprobs: { type: 'int' },
  _debug_render_only: { type: 'bool' },
};

/** `/v1/completions`. */
export async function completeText(call: Call): Promise<void> {
  const body = readStruct(parseBody(call.text, 'EOF'), 'CompletionRequest', FIELDS, 'openai.CompletionRequest');
  const wish = readWish(body);
  const reply = new OpenAiReply(call.line, createTranslation(pickId('cmpl'), wish), wish);
  const request = requestOf(body, wish);
  await refusing(reply, () => generate(call, request, reply));
}

function requestOf(body: Json, wish: StreamWish): GenerateRequest {
  const text = (name: string): string => (typeof body[name] === 'string' ? body[name] : '');
  const stop = body['stop'];
  const odd: unknown = Array.isArray(stop) ? stop.find((one) => typeof one !== 'string') : undefined;
  if (odd !== undefined) throw new Refusal(400, `invalid type for 'stop' field: ${goTypeOf(odd)}`);
  return {
    model: text('model'),
    prompt: text('prompt'),
    suffix: text('suffix'),
    system: '',
    raw: false,
    before: 0,
    options: readSampling(body),
    stream: wish.stream,
    format: undefined,
    think: undefined,
    keepAlive: undefined,
    truncate: true,
    topLogprobs: -1,
    renderOnly: body['_debug_render_only'] === true,
  };
}

function createTranslation(id: string, wish: StreamWish): Translation<GenerateBody> {
  const head = { id, object: 'text_completion' };
  const choice = (body: GenerateBody): object => ({
    text: body.response,
    index: 0,
    finish_reason: body.done_reason ?? null,
  });
  const tail = (body: GenerateBody): object => ({ model: body.model, system_fingerprint: 'fp_ollama' });
  const none = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  return {
    nothing: { model: '', created_at: '', response: '', done: false },
    whole: (body) => ({ ...head, created: seconds(), ...tail(body), choices: [choice(body)], usage: usageOf(body) }),
    // With `include_usage` every chunk has a usage of zeros. Chunks of a chat have none.
    chunks: (body) => [
      {
        ...head,
        created: seconds(),
        choices: [choice(body)],
        ...tail(body),
        usage: wish.includeUsage ? none : undefined,
      },
    ],
    usage: (body) => ({ ...head, created: seconds(), choices: [], ...tail(body), usage: usageOf(body) }),
  };
}
