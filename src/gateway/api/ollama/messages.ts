import { typeName, type Body } from '../dialect/body.ts';
import { isObject, parseObject, textOf, type Json } from '../../json.ts';
import type { Message, Tool, ToolCall } from '../../exchange.ts';
import { readImages } from './images.ts';

const ROLES: Readonly<Record<string, Message['role']>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
  function: 'tool',
};

/** Reads `messages`; what is wrong is noted on `body`. */
export function readApiMessages(body: Body): readonly Message[] {
  return (body.list('messages') ?? []).map((item, index) => readMessage(body, item, `messages[${String(index)}]`));
}

/** Reads `tools`. */
export function readApiTools(body: Body): readonly Tool[] {
  return (body.list('tools') ?? []).map((tool, index) => {
    const made = isObject(tool) ? tool['function'] : undefined;
    if (isObject(tool) && isObject(made) && typeof made['name'] === 'string')
      return { name: made['name'], definition: { type: 'function', ...tool } };
    body.refuse('tools', `tools[${String(index)}] is no {"type": "function", "function": {"name": …}}`);
    return { name: '', definition: {} };
  });
}

function readMessage(body: Body, item: unknown, at: string): Message {
  const json: Json = isObject(item) ? item : {};
  if (!isObject(item)) body.refuse(at, `${at} must be an object, not ${typeName(item)}`);
  for (const name of ['role', 'content', 'thinking', 'tool_name', 'tool_call_id']) readText(body, json, name, at);
  const said = textOf(json, 'role').toLowerCase();
  if (said === '') body.refuse(`${at}.role`, `${at}.role is missing`);
  const role = Object.hasOwn(ROLES, said) ? ROLES[said] : undefined;
  const thinking = textOf(json, 'thinking');
  return {
    role: role ?? 'user',
    // Some models are told by a role of their own to think.
    ...(role === undefined && said !== '' ? { roleName: said } : {}),
    text: textOf(json, 'content'),
    images: readImages(body, json['images'], `${at}.images`),
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
  const made = isObject(call) ? call['function'] : undefined;
  if (isObject(call) && isObject(made) && typeof made['name'] === 'string') {
    const given = made['arguments'] ?? {};
    // As text they come from clients of other dialects.
    const parsed = typeof given === 'string' ? (given === '' ? {} : parseObject(given)) : given;
    if (isObject(parsed)) return { id: textOf(call, 'id'), name: made['name'], arguments: parsed };
  }
  body.refuse(at, `${at} is no {"function": {"name": …, "arguments": {…}}}`);
  return { id: '', name: '', arguments: {} };
}
