import { typeName, type Body } from '../dialect/body.ts';
import { isObject, type Json } from '../../json.ts';
import type { Message } from '../../exchange.ts';
import { Turn, type Surroundings } from './turn.ts';

/** Reads `system` and `messages`; what is wrong is noted on `body`, what nobody can read is added to `ignored`. */
export function readConversation(body: Body, ignoredParams: Set<string>): readonly Message[] {
  const system = readSystem(body, body.value('system'), 'system');
  const list = body.list('messages');
  if (list === undefined) body.refuse('messages', 'messages: Field required');
  else if (list.length === 0) body.refuse('messages', 'messages: at least one message is required');
  const names = new Map<string, string>();
  const said: Message[] = [];
  for (const [index, item] of (list ?? []).entries()) {
    const read = readMessage(body, item, `messages.${String(index)}`, { names, ignoredParams });
    // What is said beside a turn of the user's is put before it, in every request alike: models answer what comes last.
    const [only] = read;
    if (only?.role === 'system' && said.at(-1)?.role === 'user') said.splice(-1, 0, only);
    else for (const message of read) said.push(message);
  }
  return system === '' ? said : [systemMessage(system), ...said];
}

function readMessage(body: Body, item: unknown, at: string, around: Surroundings): readonly Message[] {
  const json: Json = isObject(item) ? item : {};
  if (!isObject(item)) body.refuse(at, `${at}: Input should be an object`);
  const { role, content } = json;
  if (role === 'system') return [systemMessage(readSystem(body, content, `${at}.content`))];
  if (role !== 'user' && role !== 'assistant') {
    body.refuse(`${at}.role`, `${at}.role: Input should be 'user', 'assistant' or 'system'`);
    return [];
  }
  const turn = new Turn(body, role, around);
  if (typeof content === 'string') turn.say(content);
  else if (Array.isArray(content))
    content.forEach((block: unknown, index) => {
      turn.take(block, `${at}.content.${String(index)}`);
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

// Claude Code's first block: it says to Anthropic whom to charge, and changes with each conversation. In a prompt it would keep servers from finding what they have read already.
const CHARGE = /^x-anthropic-billing-header:/;

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
  return texts.filter((text) => text !== '' && !CHARGE.test(text)).join('\n\n');
}

function systemMessage(text: string): Message {
  return { role: 'system', text, images: [], thinking: undefined, toolCalls: [], answers: undefined };
}
