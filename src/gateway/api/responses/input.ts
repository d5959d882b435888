import { textParts } from '../dialect/content-list.ts';
import { typeName, type Body } from '../dialect/body.ts';
import { isObject, textOf, type Json, toolArguments } from '../../json.ts';
import type { Message } from '../../exchange.ts';
import { readContent, readTexts } from './content.ts';
import { ConversationBuilder } from './conversation-builder.ts';
import { namespacedName } from './tool.ts';

/**
 * Reads `instructions` and `input`; errors are recorded on `body`. Items that no model here needs are left out, and their types are added
 * to `ignoredParams`.
 */
export function readInput(body: Body, ignoredParams: string[]): readonly Message[] {
  const conversation = new ConversationBuilder();
  const instructions = body.text('instructions');
  if (instructions !== undefined && instructions !== '') conversation.addMessage('system', textParts(instructions));
  const input = body.value('input');
  if (typeof input === 'string') conversation.addMessage('user', textParts(input));
  else if (Array.isArray(input))
    for (const [index, item] of body.bounded('input', input).entries()) {
      const hosted = hostedType(item);
      if (hosted === undefined) readItem(body, item, `input[${String(index)}]`, conversation);
      else if (!ignoredParams.includes(`input.${hosted}`)) ignoredParams.push(`input.${hosted}`);
    }
  else if (input === undefined) body.refuse('input', "Missing required parameter: 'input'.");
  else
    body.refuse(
      'input',
      `Invalid type for 'input': expected a string or an array of input items, but got ${typeName(input)} instead.`,
    );
  const messages = conversation.messages();
  if (messages.length === 0)
    body.refuse(
      'input',
      "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    );
  return messages;
}

type ItemReader = (body: Body, item: Json, at: string, conversation: ConversationBuilder) => void;

const ITEMS: Readonly<Record<string, ItemReader>> = {
  message: readMessage,
  reasoning: (body, item, at, conversation) => {
    const content = readTexts(body, item['content'], `${at}.content`);
    const summary = readTexts(body, item['summary'], `${at}.summary`);
    const text = content === '' ? summary : content;
    if (text !== '') conversation.addThinking(text);
  },
  function_call: (body, item, at, conversation) => {
    conversation.addCall({
      id: readText(body, item, 'call_id', at),
      name: readName(body, item, at),
      arguments: toolArguments(item['arguments']),
    });
  },
  function_call_output: readOutput,
  custom_tool_call: (body, item, at, conversation) => {
    conversation.addCall({
      id: readText(body, item, 'call_id', at),
      name: readName(body, item, at),
      arguments: { input: readText(body, item, 'input', at) },
    });
  },
  custom_tool_call_output: readOutput,
  item_reference: (body, _item, at) => {
    body.refuse(
      at,
      `Invalid '${at}': this server stores no items, so an 'item_reference' cannot be resolved; send the item itself, as SDKs do where 'store' is false.`,
    );
  },
};

/**
 * Items of tools that OpenAI runs, or that clients run for it, and of its services. A conversation that began at OpenAI has them; the
 * model's messages say what came of them.
 */
const HOSTED: ReadonlySet<string> = new Set([
  'web_search_call',
  'file_search_call',
  'image_generation_call',
  'code_interpreter_call',
  'computer_call',
  'computer_call_output',
  'local_shell_call',
  'local_shell_call_output',
  'shell_call',
  'shell_call_output',
  'apply_patch_call',
  'apply_patch_call_output',
  'mcp_call',
  'mcp_list_tools',
  'mcp_approval_request',
  'mcp_approval_response',
  'tool_search_call',
  'tool_search_output',
  'program',
  'program_output',
  'compaction',
  'compaction_trigger',
  'configuration_update',
  'additional_tools',
]);

function hostedType(item: unknown): string | undefined {
  const type = isObject(item) ? item['type'] : undefined;
  return typeof type === 'string' && HOSTED.has(type) ? type : undefined;
}

const ROLES: Readonly<Record<string, 'system' | 'user' | 'assistant'>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
};

function readItem(body: Body, item: unknown, at: string, conversation: ConversationBuilder): void {
  if (!isObject(item)) {
    body.refuse(at, `Invalid type for '${at}': expected an object, but got ${typeName(item)} instead.`);
    return;
  }
  // The type is optional. An item with a role is a message; an item with only an id refers to a stored item.
  const type =
    item['type'] ?? (item['role'] === undefined && typeof item['id'] === 'string' ? 'item_reference' : 'message');
  const read = typeof type === 'string' && Object.hasOwn(ITEMS, type) ? ITEMS[type] : undefined;
  if (read === undefined)
    body.refuse(
      `${at}.type`,
      `Invalid value for '${at}.type'. Supported values are: ${Object.keys(ITEMS)
        .filter((name) => name !== 'item_reference')
        .map((name) => `'${name}'`)
        .join(', ')}.`,
    );
  else read(body, item, at, conversation);
}

function readMessage(body: Body, item: Json, at: string, conversation: ConversationBuilder): void {
  const role = item['role'];
  const knownRole = typeof role === 'string' && Object.hasOwn(ROLES, role) ? ROLES[role] : undefined;
  const content = readContent(body, item['content'], `${at}.content`);
  if (knownRole === undefined)
    body.refuse(
      `${at}.role`,
      `Invalid value for '${at}.role'. Supported values are: ${Object.keys(ROLES)
        .map((name) => `'${name}'`)
        .join(', ')}.`,
    );
  else if (knownRole === 'assistant') conversation.addText(content);
  else conversation.addMessage(knownRole, content);
}

function readOutput(body: Body, item: Json, at: string, conversation: ConversationBuilder): void {
  conversation.addOutput(readText(body, item, 'call_id', at), readContent(body, item['output'], `${at}.output`));
}

// The model knows a tool of a namespace by its combined name.
function readName(body: Body, item: Json, at: string): string {
  return namespacedName(textOf(item, 'namespace'), readText(body, item, 'name', at));
}

function readText(body: Body, item: Json, name: string, at: string): string {
  if (typeof item[name] !== 'string') body.refuse(`${at}.${name}`, `Missing required parameter: '${at}.${name}'.`);
  return textOf(item, name);
}
