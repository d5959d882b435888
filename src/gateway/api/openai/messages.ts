import { typeName, type Body } from '../dialect/body.ts';
import { CHAT_ROLES } from '../dialect/roles.ts';
import { ContentList } from '../dialect/content-list.ts';
import { readImageUrl } from '../dialect/image-url.ts';
import { isObject, textOf, type Json, toolArguments } from '../../json.ts';
import type { Message, ToolCall } from '../../exchange.ts';

/** Reads `messages`; errors are recorded on `body`. */
export function readChatMessages(body: Body): readonly Message[] {
  const list = body.list('messages');
  if (list === undefined) body.refuse('messages', "Missing required parameter: 'messages'.");
  else if (list.length === 0)
    body.refuse(
      'messages',
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    );
  const names = new Map<string, string>();
  return (list ?? []).map((item, index) => readMessage(body, item, `messages[${String(index)}]`, names));
}

function readMessage(body: Body, item: unknown, at: string, names: Map<string, string>): Message {
  const json: Json = isObject(item) ? item : {};
  if (!isObject(item))
    body.refuse(at, `Invalid type for '${at}': expected an object, but got ${typeName(item)} instead.`);
  const role =
    typeof json['role'] === 'string' && Object.hasOwn(CHAT_ROLES, json['role']) ? CHAT_ROLES[json['role']] : undefined;
  if (role === undefined)
    body.refuse(
      `${at}.role`,
      `Invalid value for '${at}.role'. Supported values are: ${Object.keys(CHAT_ROLES)
        .map((name) => `'${name}'`)
        .join(', ')}.`,
    );
  const content = new ContentList();
  if (typeof json['content'] === 'string') content.addText(json['content']);
  else readContent(body, json['content'], `${at}.content`, content);
  const toolCalls = readAllCalls(body, json, at);
  for (const call of toolCalls) names.set(call.id, call.name);
  const id = typeof json['tool_call_id'] === 'string' ? json['tool_call_id'] : undefined;
  const name = typeof json['name'] === 'string' ? json['name'] : names.get(id ?? '');
  const thinking = json['reasoning_content'] ?? json['reasoning'];
  return {
    role: role ?? 'user',
    parts: content.parts(),
    thinking: typeof thinking === 'string' ? thinking : undefined,
    toolCalls,
    answers: role === 'tool' ? { id, name } : undefined,
  };
}

function readContent(body: Body, given: unknown, at: string, content: ContentList): void {
  if (Array.isArray(given))
    for (const [index, part] of given.entries()) readPart(body, part, `${at}[${String(index)}]`, content);
  else if (given !== null && given !== undefined)
    body.refuse(
      at,
      `Invalid type for '${at}': expected a string or an array of content parts, but got ${typeName(given)} instead.`,
    );
}

function readPart(body: Body, part: unknown, at: string, content: ContentList): void {
  if (isObject(part) && (part['type'] === 'text' || part['type'] === 'refusal')) {
    const text = part['text'] ?? part['refusal'];
    if (typeof text === 'string') content.addText(text);
    else
      body.refuse(`${at}.text`, `Invalid type for '${at}.text': expected a string, but got ${typeName(text)} instead.`);
  } else if (isObject(part) && part['type'] === 'image_url') {
    const image = part['image_url'];
    content.addImage(readImageUrl(body, isObject(image) ? image['url'] : image, `${at}.image_url.url`));
  } else body.refuse(`${at}.type`, `Invalid value for '${at}.type'. Supported values are: 'text' and 'image_url'.`);
}

const NO_CALLS: readonly ToolCall[] = [];

function readAllCalls(body: Body, { tool_calls: calls, function_call: legacy }: Json, at: string): readonly ToolCall[] {
  if (calls === undefined && legacy === undefined) return NO_CALLS;
  return [...readCalls(body, calls, `${at}.tool_calls`), ...readLegacyCall(body, legacy, `${at}.function_call`)];
}

function readCalls(body: Body, calls: unknown, at: string): readonly ToolCall[] {
  if (calls === null || calls === undefined) return [];
  if (!Array.isArray(calls)) {
    body.refuse(at, `Invalid type for '${at}': expected an array, but got ${typeName(calls)} instead.`);
    return [];
  }
  return calls.map((call: unknown, index) => readCall(body, isObject(call) ? call : {}, `${at}[${String(index)}]`));
}

// A conversation that began with `functions` still has its calls after the functions are no longer sent.
function readLegacyCall(body: Body, call: unknown, at: string): readonly ToolCall[] {
  return isObject(call) ? [readFunctionCall(body, '', call, at)] : [];
}

function readCall(body: Body, call: Json, at: string): ToolCall {
  const { id, function: fn, custom } = call;
  if (call['type'] === 'custom' && isObject(custom)) {
    if (typeof custom['name'] !== 'string')
      body.refuse(`${at}.custom.name`, `Missing required parameter: '${at}.custom.name'.`);
    if (typeof custom['input'] !== 'string')
      body.refuse(`${at}.custom.input`, `Missing required parameter: '${at}.custom.input'.`);
    return {
      id: textOf(call, 'id'),
      name: textOf(custom, 'name'),
      // As the model knows the tool: a function with one argument.
      arguments: { input: textOf(custom, 'input') },
    };
  }
  return readFunctionCall(body, typeof id === 'string' ? id : '', isObject(fn) ? fn : {}, `${at}.function`);
}

function readFunctionCall(body: Body, id: string, { name, arguments: argumentsText }: Json, at: string): ToolCall {
  if (typeof name !== 'string') body.refuse(`${at}.name`, `Missing required parameter: '${at}.name'.`);
  return {
    id,
    name: typeof name === 'string' ? name : '',
    arguments: toolArguments(argumentsText),
  };
}
