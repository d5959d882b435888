import { can } from '../models/model.ts';
import { fullName } from '../models/name.ts';
import { speak } from '../text/answer.ts';
import { tokenize } from '../text/tokens.ts';
import type { Reply } from '../wire/reply.ts';
import { Refusal } from '../wire/refusal.ts';
import { timestamp } from '../wire/time.ts';
import { giveAnswer, orAbsent, type Shape } from './answering.ts';
import type { Ending, GenerateBody } from './body.ts';
import type { Call } from './call.ts';
import { renderFitting, type Message } from './messages.ts';
import { ANSWER_FIELDS, readAnswerRequest, readBody, textOf, type AnswerRequest } from './request.ts';
import { checkThinking, findModel, notFound, withRunner } from './session.ts';

/** A request of `/api/generate`. */
export interface GenerateRequest extends AnswerRequest {
  readonly prompt: string;
  readonly system: string;
  readonly suffix: string;
  /** Sends the prompt to the model without a template. */
  readonly raw: boolean;
  /** Number of tokens in `context` of an earlier answer. They cost prefill; their values are not read. */
  readonly before: number;
}

const FIELDS = {
  ...ANSWER_FIELDS,
  prompt: { type: 'string' },
  system: { type: 'string' },
  suffix: { type: 'string' },
  raw: { type: 'bool' },
  context: { type: 'list', goType: '[]int' },
} as const;

/** Reads the body of `/api/generate`. */
export function readGenerate(text: string): GenerateRequest {
  const body = readBody(text, 'GenerateRequest', FIELDS);
  return {
    ...readAnswerRequest(body),
    prompt: textOf(body['prompt']),
    system: textOf(body['system']),
    suffix: textOf(body['suffix']),
    raw: body['raw'] === true,
    before: Array.isArray(body['context']) ? body['context'].length : 0,
  };
}

/** Answers a prompt. Without one it loads the model, or unloads it if `keep_alive` is 0. */
export async function generate(call: Call, request: GenerateRequest, reply: Reply<GenerateBody>): Promise<void> {
  const asked = request.model;
  const model = findModel(
    call,
    asked,
    () => notFound(asked),
    () => notFound(asked),
  );
  if (request.prompt === '' && request.keepAlive === 0) {
    await call.machine.scheduler.expire(model);
    reply.whole(empty(asked, { done: true, done_reason: 'unload' }));
    return;
  }
  checkThinking(model, asked, request.think);
  if (!can(model, 'completion')) throw new Refusal(400, `${JSON.stringify(asked)} does not support generate`);
  if (request.suffix !== '' && !can(model, 'insert'))
    throw new Refusal(400, `${fullName(model.name)} does not support insert`);
  await withRunner(call, model, request, request.prompt === '', async (session) => {
    if (request.prompt === '') {
      reply.whole(empty(asked, { done: true, done_reason: 'load' }));
      return;
    }
    const prompt =
      ' ·'.repeat(request.before) +
      (request.raw ? request.prompt : renderFitting(messagesOf(request), [], session.options.numCtx));
    if (request.renderOnly) {
      reply.whole({
        model: asked,
        created_at: timestamp(),
        response: '',
        done: false,
        _debug_info: { rendered_template: prompt },
      });
      return;
    }
    const thinks = can(model, 'thinking') && request.think !== false;
    const speech = speak({
      weights: model.weights,
      prompt,
      seed: session.options.seed,
      last: request.prompt,
      lastRole: 'user',
      format: request.format,
      tools: [],
      thinks,
      tokens: model.answerTokens,
    });
    await giveAnswer(session, request, prompt, speech, shapeFor(asked, request.raw ? undefined : prompt), reply);
  });
}

function messagesOf(request: GenerateRequest): readonly Message[] {
  const message = (role: string, content: string): Message => ({ role, content, images: 0, toolCalls: [] });
  return [...(request.system === '' ? [] : [message('system', request.system)]), message('user', request.prompt)];
}

function empty(model: string, end: Ending): GenerateBody {
  return { model, created_at: timestamp(), response: '', ...end };
}

function shapeFor(model: string, prompt: string | undefined): Shape<GenerateBody> {
  let written = '';
  return (said, { done, done_reason, ...metrics }) => {
    written += said.text;
    // `context` has one number for each token of prompt and answer. Clients send it back; the simulation reads only its
    // length.
    const context = done && prompt !== undefined ? tokenize(prompt + written).map((token) => token.length) : undefined;
    const thinking = said.thinking === '' ? undefined : said.thinking;
    return {
      model,
      created_at: timestamp(),
      response: said.text,
      thinking,
      done,
      done_reason,
      context,
      logprobs: orAbsent(said.logprobs),
      ...metrics,
    };
  };
}
