import type { ChatRequest, ContentPart, Message, ToolCall } from '../../exchange.ts';
import type { Json } from '../../json.ts';
import { optionsFor, type AliasSettings } from './options.ts';
import { formatBody } from './schema.ts';
import { toolBody } from './tool-body.ts';

/** The body of `POST /api/chat`. Always a stream: only then are tokens, stalls and the end seen as they happen. */
export function ollamaChatBody(request: ChatRequest, settings: AliasSettings): string {
  return JSON.stringify({
    model: settings.model,
    messages: request.messages.flatMap(messageBodies),
    stream: true,
    // Every server is asked to refuse a prompt that does not fit; `UpstreamRequest` asks again if the client's API cuts it.
    truncate: request.cut === true,
    // Only a client of Ollama's own API has a full context drop its beginning; else it ends the response.
    shift: (request.shift ?? false) !== false,
    tools: request.tools.length === 0 ? undefined : request.tools.map(toolBody),
    format: formatBody(request),
    think: request.thinking,
    logprobs: request.logprobs === undefined ? undefined : true,
    top_logprobs: request.logprobs === 0 ? undefined : request.logprobs,
    keep_alive: settings.keepAlive,
    options: optionsFor(request, settings),
  });
}

const NO_TEXT: ContentPart = { images: [], text: '' };

// As Ollama's own /v1 does it (openai/openai.go): a message of the same role for each part, and what the model thought and called with
// the last.
function messageBodies(message: Message): readonly Json[] {
  const { parts, toolCalls } = message;
  const calls = toolCalls.length === 0 ? undefined : toolCalls.map(callBody);
  const only = parts.length <= 1 ? (parts[0] ?? NO_TEXT) : undefined;
  if (only !== undefined && isPlain(message, only))
    return [{ role: message.roleName ?? message.role, content: only.text }];
  if (only !== undefined) return [partBody(message, only, message.thinking, calls)];
  return parts.map((part, index) =>
    index < parts.length - 1 ? partBody(message, part) : partBody(message, part, message.thinking, calls),
  );
}

// JSON.stringify takes as long for a field that it leaves out as for one that it writes.
function isPlain({ toolCalls, thinking, answers }: Message, { images }: ContentPart): boolean {
  return toolCalls.length === 0 && thinking === undefined && answers === undefined && images.length === 0;
}

function partBody(
  { role, roleName, answers }: Message,
  { text, images }: ContentPart,
  thinking?: string,
  calls?: readonly Json[],
): Json {
  return {
    role: roleName ?? role,
    content: text,
    images: images.length === 0 ? undefined : images,
    tool_name: answers?.name,
    tool_call_id: answers?.id,
    thinking,
    tool_calls: calls,
  };
}

function callBody(call: ToolCall, index: number): Readonly<Record<string, unknown>> {
  return { id: call.id, function: { index, name: call.name, arguments: call.arguments } };
}
