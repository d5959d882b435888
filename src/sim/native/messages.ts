import type { Fields } from '../wire/fields.ts';
import { isObject, type Json } from '../../core/json.ts';
import { textOf } from './request.ts';
import { promptTokens } from '../text/tokens.ts';

/** A message of a conversation. */
export interface Message {
  readonly role: string;
  readonly content: string;
  readonly images: number;
  readonly toolCalls: readonly unknown[];
}

/** The fields of a message. */
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

/** Renders the prompt of a conversation. */
export function render(messages: readonly Message[], tools: readonly unknown[]): string {
  const head = tools.length > 0 ? `<tools>${JSON.stringify(tools)}</tools>\n` : '';
  let image = 0;
  const lines = messages.map((message) => {
    // A model without vision gets this text for an image.
    const images = Array.from({ length: message.images }, () => `[img-${String(image++)}]`).join('');
    const calls = message.toolCalls.map((call) => `<tool_call>${JSON.stringify(call)}</tool_call>`).join('');
    return `<${message.role}>${images}${message.content}${calls}\n`;
  });
  return `${head}${lines.join('')}<assistant>`;
}

/**
 * Renders the prompt of a conversation so that it fits a context. It drops the oldest messages first, and keeps system
 * messages and the last one. The result may still be too long; the runner checks that.
 */
export function renderFitting(messages: readonly Message[], tools: readonly unknown[], context: number): string {
  for (let first = 0; first < messages.length; first += 1) {
    const system = messages.slice(0, first).filter((message) => message.role === 'system');
    const text = render([...system, ...messages.slice(first)], tools);
    if (first === messages.length - 1 || promptTokens(text).length <= context) return text;
  }
  return render(messages, tools);
}
