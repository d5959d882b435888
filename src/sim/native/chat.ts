import { can } from '../models/model.ts';
import { speak } from '../text/answer.ts';
import type { Reply } from '../wire/reply.ts';
import { Refusal } from '../wire/refusal.ts';
import { timestamp } from '../wire/time.ts';
import { giveAnswer, orAbsent, type Shape } from './answering.ts';
import type { ChatBody, Ending } from './body.ts';
import type { Call } from './call.ts';
import { MESSAGE_FIELDS, readMessages, render, renderFitting, type Message } from './messages.ts';
import { ANSWER_FIELDS, readAnswerRequest, readBody, type AnswerRequest } from './request.ts';
import { checkThinking, findModel, notFound, withRunner } from './session.ts';

/** A request of `/api/chat`. */
export interface ChatRequest extends AnswerRequest {
  readonly messages: readonly Message[];
  readonly tools: readonly unknown[];
}

const FIELDS = {
  ...ANSWER_FIELDS,
  messages: { type: 'list', goType: '[]api.Message', itemType: 'api.Alias', item: MESSAGE_FIELDS },
  tools: { type: 'list', goType: 'api.Tools' },
} as const;

/** Reads the body of `/api/chat`. */
export function readChat(text: string): ChatRequest {
  const body = readBody(text, 'ChatRequest', FIELDS);
  return {
    ...readAnswerRequest(body),
    messages: readMessages(body['messages']),
    tools: Array.isArray(body['tools']) ? body['tools'] : [],
  };
}

/** Answers a conversation. Without messages it loads the model, or unloads it if `keep_alive` is 0. */
export async function chat(call: Call, request: ChatRequest, reply: Reply<ChatBody>): Promise<void> {
  const asked = request.model;
  const model = findModel(
    call,
    asked,
    () => new Refusal(400, 'model is required'),
    () => notFound(asked),
  );
  if (request.messages.length === 0 && request.keepAlive === 0) {
    await call.machine.scheduler.expire(model);
    reply.whole(empty(asked, { done: true, done_reason: 'unload' }));
    return;
  }
  checkThinking(model, asked, request.think);
  if (!can(model, 'completion')) throw new Refusal(400, `${JSON.stringify(asked)} does not support chat`);
  if (request.tools.length > 0 && !can(model, 'tools'))
    throw new Refusal(400, `registry.ollama.ai/library/${model.shortName} does not support tools`);
  await withRunner(call, model, request, request.messages.length === 0, async (session) => {
    const [last] = request.messages.slice(-1);
    if (last === undefined) {
      reply.whole(empty(asked, { done: true, done_reason: 'load' }));
      return;
    }
    const prompt = request.truncate
      ? renderFitting(request.messages, request.tools, session.options.numCtx)
      : render(request.messages, request.tools);
    if (request.renderOnly) {
      reply.whole({
        model: asked,
        created_at: timestamp(),
        message: { role: '', content: '' },
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
      last: last.content,
      lastRole: last.role,
      format: request.format,
      tools: request.tools,
      thinks,
      tokens: model.answerTokens,
    });
    await giveAnswer(session, request, prompt, speech, shapeFor(asked), reply);
  });
}

function empty(model: string, end: Ending): ChatBody {
  return { model, created_at: timestamp(), message: { role: 'assistant', content: '' }, ...end };
}

function shapeFor(model: string): Shape<ChatBody> {
  return (said, { done, done_reason, ...metrics }) => ({
    model,
    created_at: timestamp(),
    message: {
      role: 'assistant',
      content: said.text,
      thinking: said.thinking === '' ? undefined : said.thinking,
      tool_calls: orAbsent(said.calls),
    },
    done,
    done_reason,
    logprobs: orAbsent(said.logprobs),
    ...metrics,
  });
}
