import type { Call } from '../native/call.ts';
import { chat } from '../native/chat.ts';
import type { ChatBody, SaidMessage } from '../native/body.ts';
import type { ToolCall } from '../text/spoken.ts';
import { refusing } from '../wire/reply.ts';
import { readChatCompletion } from './chat-request.ts';
import { OpenAiReply, usageOf, type Translation } from './reply.ts';
import { pickId, seconds } from './stamp.ts';

/** `/v1/chat/completions`. */
export async function completeChat(call: Call): Promise<void> {
  const { request, wish } = readChatCompletion(call.text);
  const reply = new OpenAiReply(call.line, createTranslation(pickId('chatcmpl')), wish);
  await refusing(reply, () => chat(call, request, reply));
}

function createTranslation(id: string): Translation<ChatBody> {
  // Whether a tool call was sent decides the finish reason: the last chunk itself holds no call.
  let called = false;
  const chunk = (body: ChatBody, message: object, reason: string | null): object => ({
    id,
    object: 'chat.completion.chunk',
    created: seconds(),
    model: body.model,
    system_fingerprint: 'fp_ollama',
    choices: [{ index: 0, delta: message, finish_reason: reason, logprobs: logprobsOf(body) }],
  });
  return {
    nothing: { model: '', created_at: '', message: { role: '', content: '' }, done: false },
    whole: (body) => ({
      id,
      object: 'chat.completion',
      created: seconds(),
      model: body.model,
      system_fingerprint: 'fp_ollama',
      choices: [
        {
          index: 0,
          message: messageOf(body.message, body.message.role),
          finish_reason: (body.message.tool_calls ?? []).length > 0 ? 'tool_calls' : (body.done_reason ?? null),
          logprobs: logprobsOf(body),
        },
      ],
      usage: usageOf(body),
      _debug_info: body._debug_info,
    }),
    chunks: (body) => {
      called ||= (body.message.tool_calls ?? []).length > 0;
      return [
        chunk(
          body,
          messageOf(body.message, 'assistant'),
          body.done_reason === undefined ? null : called ? 'tool_calls' : body.done_reason,
        ),
      ];
    },
    usage: (body) => ({ ...chunk(body, {}, null), choices: [], usage: usageOf(body) }),
  };
}

function messageOf(message: SaidMessage, role: string): object {
  return { role, content: message.content, reasoning: message.thinking, tool_calls: message.tool_calls?.map(callOf) };
}

function callOf(call: ToolCall): object {
  return {
    id: call.id,
    index: call.function.index,
    type: 'function',
    function: { name: call.function.name, arguments: JSON.stringify(call.function.arguments) },
  };
}

function logprobsOf(body: ChatBody): object | undefined {
  return body.logprobs === undefined ? undefined : { content: body.logprobs };
}
