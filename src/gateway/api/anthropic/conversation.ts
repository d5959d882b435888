import { typeName, type Body } from '../dialect/body.ts';
import { textParts } from '../dialect/content-list.ts';
import { isObject, type Json } from '../../json.ts';
import type { Message } from '../../exchange.ts';
import { Turn, type ConversationState } from './turn.ts';

/** Reads `system` and `messages`. Errors are recorded on `body`; unsupported parameters are added to `ignoredParams`. */
export function readConversation(body: Body, ignoredParams: Set<string>): readonly Message[] {
  const system = readSystem(body, body.value('system'), 'system');
  const list = body.list('messages');
  if (list === undefined) body.refuse('messages', 'messages: Field required');
  else if (list.length === 0) body.refuse('messages', 'messages: at least one message is required');
  const names = new Map<string, string>();
  const messages: Message[] = [];
  for (const [index, item] of (list ?? []).entries()) {
    const read = readMessage(body, item, `messages.${String(index)}`, { names, ignoredParams });
    // A system message after a user turn moves in front of it, because models answer the last message. It does so in every request,
    // so the prompt stays the same.
    const [only] = read;
    if (only?.role === 'system' && messages.at(-1)?.role === 'user') messages.splice(-1, 0, only);
    else for (const message of read) messages.push(message);
  }
  return system === '' ? messages : [systemMessage(system), ...messages];
}

function readMessage(body: Body, item: unknown, at: string, conversation: ConversationState): readonly Message[] {
  const json: Json = isObject(item) ? item : {};
  if (!isObject(item)) body.refuse(at, `${at}: Input should be an object`);
  const { role, content } = json;
  if (role === 'system') return [systemMessage(readSystem(body, content, `${at}.content`))];
  if (role !== 'user' && role !== 'assistant') {
    body.refuse(`${at}.role`, `${at}.role: Input should be 'user', 'assistant' or 'system'`);
    return [];
  }
  const turn = new Turn(body, role, conversation);
  if (typeof content === 'string') turn.addText(content);
  else if (Array.isArray(content))
    content.forEach((block: unknown, index) => {
      turn.addBlock(block, `${at}.content.${String(index)}`);
    });
  else
    body.refuse(
      `${at}.content`,
      content === undefined || content === null
        ? `${at}.content: Field required`
        : `${at}.content: Input should be a string or a list of content blocks, not ${typeName(content)}`,
    );
  return turn.messages();
}

// The first block of Claude Code tells Anthropic which account to bill, and it differs in each conversation. In the prompt it would
// prevent servers from reusing their prompt cache.
const BILLING_HEADER = /^x-anthropic-billing-header:/;

function readSystem(body: Body, value: unknown, at: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) {
    body.refuse(at, `${at}: Input should be a string or a list of text blocks, not ${typeName(value)}`);
    return '';
  }
  const texts = value.map((block: unknown, index) => {
    const text = isObject(block) && block['type'] === 'text' ? block['text'] : undefined;
    return typeof text === 'string'
      ? text
      : (body.refuse(`${at}.${String(index)}`, `${at}.${String(index)}: Input should be a text block`) ?? '');
  });
  return texts.filter((text) => text !== '' && !BILLING_HEADER.test(text)).join('\n\n');
}

function systemMessage(text: string): Message {
  return { role: 'system', parts: textParts(text), thinking: undefined, toolCalls: [], answers: undefined };
}
