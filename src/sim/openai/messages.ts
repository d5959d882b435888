import type { Message } from '../native/messages.ts';
import { goTypeOf } from '../wire/fields.ts';
import { isObject, type Json } from '../../core/json.ts';
import { Refusal } from '../wire/refusal.ts';

/** Converts messages of /v1 into native ones. Each part of a message becomes a message of its own. */
export function readMessages(messages: readonly Json[]): readonly Message[] {
  return messages.flatMap((message) => {
    const role = typeof message['role'] === 'string' ? message['role'].toLowerCase() : '';
    const toolCalls = Array.isArray(message['tool_calls']) ? message['tool_calls'].filter(isObject).map(callOf) : [];
    const content = message['content'];
    if (typeof content === 'string') return [{ role, content, images: 0, toolCalls }];
    if (Array.isArray(content))
      return content.map((part, index) => partOf(part, role, index === content.length - 1 ? toolCalls : []));
    if (message['tool_calls'] === undefined)
      throw new Refusal(400, `invalid message content type: ${goTypeOf(content)}`);
    return [{ role, content: '', images: 0, toolCalls }];
  });
}

function partOf(part: unknown, role: string, toolCalls: readonly unknown[]): Message {
  if (!isObject(part)) throw new Refusal(400, 'invalid message format');
  if (part['type'] === 'text' && typeof part['text'] === 'string')
    return { role, content: part['text'], images: 0, toolCalls };
  if (part['type'] !== 'image_url') throw new Refusal(400, 'invalid message format');
  const url = isObject(part['image_url']) ? part['image_url']['url'] : part['image_url'];
  if (typeof url !== 'string') throw new Refusal(400, 'invalid message format');
  if (/^https?:\/\//.test(url))
    throw new Refusal(400, 'image URLs are not currently supported, please use base64 encoded data instead');
  const data = /^data:(?:image\/(?:jpeg|jpg|png|webp))?;base64,([A-Za-z0-9+/]*={0,2})$/.exec(url)?.[1];
  if (data === undefined || data.length % 4 !== 0) throw new Refusal(400, 'invalid image input');
  return { role, content: '', images: 1, toolCalls };
}

function callOf(call: Json): unknown {
  const made = isObject(call['function']) ? call['function'] : {};
  try {
    return {
      id: call['id'],
      function: {
        name: made['name'],
        arguments: JSON.parse(typeof made['arguments'] === 'string' ? made['arguments'] : '') as unknown,
      },
    };
  } catch {
    throw new Refusal(400, 'invalid tool call arguments');
  }
}
