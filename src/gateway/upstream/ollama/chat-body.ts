import type { ChatRequest, Message, ToolCall } from '../../exchange.ts';
import { optionsFor, type AliasSettings } from './options.ts';
import { formatBody } from './schema.ts';

/** The body of `POST /api/chat`. Always a stream: only then are tokens, stalls and the end seen as they happen. */
export function ollamaChatBody(request: ChatRequest, settings: AliasSettings): string {
  return JSON.stringify({
    model: settings.model,
    messages: request.messages.map(messageBody),
    stream: true,
    // A prompt that does not fit is refused instead of cut, and a full context ends the response instead of dropping its beginning,
    // unless the client asks for that by name.
    truncate: request.truncate ?? false,
    shift: request.shift ?? false,
    tools: request.tools.length === 0 ? undefined : request.tools.map((tool) => tool.definition),
    format: formatBody(request.callSchema ?? request.format),
    think: request.thinking,
    logprobs: request.logprobs === undefined ? undefined : true,
    top_logprobs: request.logprobs === 0 ? undefined : request.logprobs,
    keep_alive: settings.keepAlive,
    options: optionsFor(request, settings),
  });
}

function messageBody(message: Message): Readonly<Record<string, unknown>> {
  return {
    role: message.roleName ?? message.role,
    content: message.text,
    images: message.images.length === 0 ? undefined : message.images,
    thinking: message.thinking,
    tool_calls: message.toolCalls.length === 0 ? undefined : message.toolCalls.map(callBody),
    tool_name: message.answers?.name,
    tool_call_id: message.answers?.id,
  };
}

function callBody(call: ToolCall, index: number): Readonly<Record<string, unknown>> {
  return { id: call.id, function: { index, name: call.name, arguments: call.arguments } };
}
