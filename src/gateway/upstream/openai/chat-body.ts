import type { Json } from '../../json.ts';
import type { ChatRequest } from '../../exchange.ts';
import { bodyText } from './body-text.ts';
import { messagesBody } from './messages.ts';
import { parametersOf } from './parameters.ts';

/** The body of `POST /chat/completions` for a request in another dialect. */
export function openaiChatBody(request: ChatRequest, model: string, fields?: Json): string {
  const { tools, mustCall, parallelCalls, format, thinking, logprobs } = request;
  const own = {
    model,
    messages: messagesBody(request.messages),
    ...parametersOf(request),
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ definition }) => definition),
          // A forced tool is sent as the only tool. llama.cpp takes a choice by name for `auto`, and LM Studio refuses it.
          tool_choice: mustCall ? 'required' : undefined,
          parallel_tool_calls: parallelCalls ? undefined : false,
        }),
    response_format: formatBody(format),
    ...thinkingBody(thinking),
    logprobs: logprobs === undefined ? undefined : true,
    top_logprobs: logprobs === 0 ? undefined : logprobs,
  };
  return bodyText(own, fields);
}

// LM Studio refuses `json_object`; this schema means the same on every server.
function formatBody(format: ChatRequest['format']): Json | undefined {
  if (format === undefined) return undefined;
  return {
    type: 'json_schema',
    json_schema: { name: 'answer', schema: format === 'json' ? { type: 'object' } : format },
  };
}

// Templates have parameters of their own (Qwen's and DeepSeek's); efforts are those of gpt-oss. Older vLLMs refuse the effort
// `none`.
function thinkingBody(thinking: ChatRequest['thinking']): Json {
  if (thinking === undefined) return {};
  const thinks = thinking !== false;
  const effort = typeof thinking === 'string' ? { reasoning_effort: thinking } : {};
  return { ...effort, chat_template_kwargs: { enable_thinking: thinks, thinking: thinks, ...effort } };
}
