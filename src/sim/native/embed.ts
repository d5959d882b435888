import { BOS, fitTokens, promptTokens } from '../text/tokens.ts';
import { embed as embedText, normalize } from '../text/vector.ts';
import { Refusal, Gone } from '../wire/refusal.ts';
import type { Reply } from '../wire/reply.ts';
import { count, nanoseconds, nowMs } from '../wire/time.ts';
import type { EmbedBody } from './body.ts';
import type { Call } from './call.ts';
import { readBody, readRequest, REQUEST_FIELDS, textOf, type Request } from './request.ts';
import { findModel, notFound, strikeNow, withRunner, type Session } from './session.ts';

/** A request of `/api/embed`. */
export interface EmbedRequest extends Request {
  readonly input: readonly string[];
  readonly dimensions: number;
}

const FIELDS = { ...REQUEST_FIELDS, input: { type: 'any' }, dimensions: { type: 'int' } } as const;

/** Reads the body of `/api/embed`. */
export function readEmbed(text: string): EmbedRequest {
  const body = readBody(text, 'EmbedRequest', FIELDS);
  const dimensions = typeof body['dimensions'] === 'number' ? body['dimensions'] : 0;
  return { ...readRequest(body), dimensions, input: readInput(body['input']) };
}

function readInput(input: unknown): readonly string[] {
  if (input === undefined || input === '') return [];
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input) || !input.every((one) => typeof one === 'string'))
    throw new Refusal(400, 'invalid input type');
  return input;
}

/** Embeds texts, as many at once as there are slots. A text that is too long is cut unless `truncate` is false. */
export async function embed(call: Call, request: EmbedRequest, reply: Reply<EmbedBody>): Promise<void> {
  const asked = request.model;
  const model = findModel(
    call,
    asked,
    () => notFound(asked),
    () => new Refusal(404, `model ${JSON.stringify(asked)} not found, try pulling it first`),
  );
  await withRunner(call, model, request, request.input.length === 0, async (session) => {
    if (request.input.length === 0) {
      reply.whole({ model: asked, embeddings: [] });
      return;
    }
    const tokens = request.input.map((text) => promptTokens(text));
    if (!request.truncate && tokens.some((one) => one.length > session.runner.contextLength))
      throw new Refusal(400, 'the input length exceeds the context length');
    const fitted = await Promise.all(tokens.map((one) => readThrough(session, one)));
    await strikeNow(session, reply);
    reply.whole({
      model: asked,
      embeddings: fitted.map((one) =>
        shorten(normalize(embedText(one.join(''), model.embeddingLength)), request.dimensions),
      ),
      total_duration: nanoseconds(nowMs() - call.startedMs),
      load_duration: nanoseconds(session.loadMs),
      prompt_eval_count: count(fitted.reduce((sum, one) => sum + one.length, 0)),
    });
  });
}

/**
 * Prefills one input in a slot and returns the tokens that fitted. Prefill runs to its end even if the client leaves.
 */
export async function readThrough(session: Session, tokens: readonly string[]): Promise<readonly string[]> {
  const { runner, call } = session;
  const fitted =
    tokens.length > runner.contextLength ? [BOS, ...fitTokens(tokens.slice(1), runner.contextLength - 1)] : tokens;
  const place = await runner.slots.enter(fitted, call.signal);
  try {
    await call.machine.processor.read(runner, fitted.length, runner.death.signal);
  } finally {
    place.leave(fitted);
  }
  if (call.signal.aborted) throw new Gone();
  return fitted;
}

function shorten(vector: readonly number[], dimensions: number): readonly number[] {
  return dimensions > 0 && dimensions < vector.length ? normalize(vector.slice(0, dimensions)) : vector;
}

/** Answers `/api/embeddings`, the older form: one prompt, and a vector that is not normalised. */
export async function embedOne(call: Call, reply: Reply<{ readonly embedding: readonly number[] }>): Promise<void> {
  const body = readBody(call.text, 'EmbeddingRequest', { ...REQUEST_FIELDS, prompt: { type: 'string' } });
  const request = readRequest(body);
  const prompt = textOf(body['prompt']);
  const model = findModel(
    call,
    request.model,
    () => new Refusal(400, 'model is required'),
    () => new Refusal(404, `model ${JSON.stringify(request.model)} not found, try pulling it first`),
  );
  await withRunner(call, model, request, prompt === '', async (session) => {
    if (prompt !== '') await readThrough(session, promptTokens(prompt));
    await strikeNow(session, reply);
    reply.whole({ embedding: prompt === '' ? [] : embedText(prompt, model.embeddingLength) });
  });
}
