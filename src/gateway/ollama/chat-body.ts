import type { ChatRequest, Message, ToolCall } from '../exchange.ts';

/** What an alias fixes for everyone who uses it. */
export interface Keeping {
  /** The model's name in Ollama. */
  readonly model: string;
  readonly keepAlive: number | string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
}

// What these change reloads the model (api/types.go, Runner), so no request may.
const RUNNER_OPTIONS: ReadonlySet<string> = new Set(['num_ctx', 'num_batch', 'num_gpu', 'main_gpu', 'num_thread', 'use_mmap']);

/** The body of `POST /api/chat`. Always a stream: only so are tokens, stalls and ends seen as they happen. */
export function chatBody(request: ChatRequest, keeping: Keeping): string {
  return JSON.stringify({
    model: keeping.model,
    messages: request.messages.map(messageBody),
    stream: true,
    // A prompt that does not fit is refused instead of cut, and a full context ends the answer instead of forgetting its beginning.
    truncate: false,
    shift: false,
    tools: request.tools.length === 0 ? undefined : request.tools.map((tool) => tool.definition),
    format: request.format,
    think: request.thinking,
    logprobs: request.logprobs === undefined ? undefined : true,
    top_logprobs: request.logprobs === 0 ? undefined : request.logprobs,
    keep_alive: keeping.keepAlive,
    options: optionsFor(request, keeping),
  });
}

function optionsFor(request: ChatRequest, keeping: Keeping): Readonly<Record<string, unknown>> | undefined {
  const options: Record<string, unknown> = { ...keeping.options };
  for (const [name, value] of Object.entries(request.sampling)) if (!RUNNER_OPTIONS.has(name)) options[name] = value;
  if (request.stop.length > 0) options['stop'] = request.stop;
  // 0 would never stop (the reader leaves out the one token that comes).
  if (request.maxTokens !== undefined) options['num_predict'] = Math.max(1, request.maxTokens);
  return Object.keys(options).length === 0 ? undefined : options;
}

function messageBody(message: Message): Readonly<Record<string, unknown>> {
  return {
    role: message.role,
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
