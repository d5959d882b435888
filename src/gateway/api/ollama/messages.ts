import { typeName, type Body } from '../dialect/body.ts';
import { CHAT_ROLES } from '../dialect/roles.ts';
import { isObject, textOf, type Json, toolArguments } from '../../json.ts';
import type { Message, Tool, ToolCall } from '../../exchange.ts';
import { readImages } from './images.ts';

/** Reads `messages`; errors are recorded on `body`. */
export function readApiMessages(body: Body): readonly Message[] {
  return (body.list('messages') ?? []).map((item, index) => readMessage(body, item, `messages[${String(index)}]`));
}

/** Reads `tools`. */
export function readApiTools(body: Body): readonly Tool[] {
  return (body.list('tools') ?? []).map((tool, index) => {
    const fn = isObject(tool) ? tool['function'] : undefined;
    if (isObject(tool) && isObject(fn) && typeof fn['name'] === 'string')
      return { name: fn['name'], definition: { type: 'function', ...tool } };
    body.refuse('tools', `tools[${String(index)}] must be {"type": "function", "function": {"name": …}}`);
    return { name: '', definition: {} };
  });
}

function readMessage(body: Body, item: unknown, at: string): Message {
  const json: Json = isObject(item) ? item : {};
  if (!isObject(item)) body.refuse(at, `${at} must be an object, not ${typeName(item)}`);
  for (const name of ['role', 'content', 'thinking', 'tool_name', 'tool_call_id']) readText(body, json, name, at);
  const roleName = textOf(json, 'role').toLowerCase();
  if (roleName === '') body.refuse(`${at}.role`, `${at}.role is missing`);
  const role = Object.hasOwn(CHAT_ROLES, roleName) ? CHAT_ROLES[roleName] : undefined;
  const thinking = textOf(json, 'thinking');
  return {
    role: role ?? 'user',
    // Some models have a role of their own, for example to turn thinking on.
    ...(role === undefined && roleName !== '' ? { roleName } : {}),
    // One part: in Ollama's own API the images of a message stand before its text.
    parts: [{ images: readImages(body, json['images'], `${at}.images`), text: textOf(json, 'content') }],
    thinking: thinking === '' ? undefined : thinking,
    toolCalls: readCalls(body, json['tool_calls'], `${at}.tool_calls`),
    answers:
      role === 'tool'
        ? {
            id: textOf(json, 'tool_call_id') || undefined,
            name: textOf(json, 'tool_name') || textOf(json, 'name') || undefined,
          }
        : undefined,
  };
}

function readText(body: Body, json: Json, name: string, at: string): void {
  const value = json[name];
  if (value !== undefined && value !== null && typeof value !== 'string')
    body.refuse(`${at}.${name}`, `${at}.${name} must be a string, not ${typeName(value)}`);
}

function readCalls(body: Body, calls: unknown, at: string): readonly ToolCall[] {
  if (calls === undefined || calls === null) return [];
  if (!Array.isArray(calls)) {
    body.refuse(at, `${at} must be an array, not ${typeName(calls)}`);
    return [];
  }
  return calls.map((call: unknown, index) => readCall(body, call, `${at}[${String(index)}]`));
}

function readCall(body: Body, call: unknown, at: string): ToolCall {
  const fn = isObject(call) ? call['function'] : undefined;
  if (isObject(call) && isObject(fn) && typeof fn['name'] === 'string') {
    // Clients of other dialects send the arguments as text.
    return { id: textOf(call, 'id'), name: fn['name'], arguments: toolArguments(fn['arguments']) };
  }
  body.refuse(at, `${at} must be {"function": {"name": …, "arguments": {…}}}`);
  return { id: '', name: '', arguments: {} };
}
