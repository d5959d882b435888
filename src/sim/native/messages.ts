import type { Fields } from '../wire/fields.ts';
import { isObject, type Json } from '../wire/json.ts';
import { textOf } from './request.ts';
import { promptTokens } from '../text/tokens.ts';

/** A message of a conversation. */
export interface Message {
  readonly role: string;
  readonly content: string;
  readonly images: number;
  readonly toolCalls: readonly unknown[];
}

/** What a message may have. */
export const MESSAGE_FIELDS: Fields = {
  role: { type: 'string' },
  content: { type: 'string' },
  thinking: { type: 'string' },
  images: { type: 'list', goType: '[]api.ImageData' },
  tool_calls: {
    type: 'list',
    goType: '[]api.ToolCall',
    itemType: 'api.ToolCall',
    item: { id: { type: 'string' }, function: { type: 'any' } },
  },
  tool_name: { type: 'string' },
  tool_call_id: { type: 'string' },
};

/** Reads the messages of a checked body. */
export function readMessages(list: unknown): readonly Message[] {
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).map((message: Json) => ({
    role: textOf(message['role']).toLowerCase(),
    content: textOf(message['content']),
    images: Array.isArray(message['images']) ? message['images'].length : 0,
    toolCalls: Array.isArray(message['tool_calls']) ? message['tool_calls'] : [],
  }));
}

/** The text that the model is given. */
export function render(messages: readonly Message[], tools: readonly unknown[]): string {
  const head = tools.length > 0 ? `<tools>${JSON.stringify(tools)}</tools>\n` : '';
  let image = 0;
  const lines = messages.map((message) => {
    // A model without eyes reads an image as this text.
    const images = Array.from({ length: message.images }, () => `[img-${String(image++)}]`).join('');
    const calls = message.toolCalls.map((call) => `<tool_call>${JSON.stringify(call)}</tool_call>`).join('');
    return `<${message.role}>${images}${message.content}${calls}\n`;
  });
  return `${head}${lines.join('')}<assistant>`;
}

/**
 * The prompt of a conversation that must fit a context: whole old messages go first, those of the system and the last
 * one stay. Whether what remains fits is for the runner to see.
 */
export function renderFitting(messages: readonly Message[], tools: readonly unknown[], context: number): string {
  for (let first = 0; first < messages.length; first += 1) {
    const system = messages.slice(0, first).filter((message) => message.role === 'system');
    const text = render([...system, ...messages.slice(first)], tools);
    if (first === messages.length - 1 || promptTokens(text).length <= context) return text;
  }
  return render(messages, tools);
}
