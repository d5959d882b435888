import type { Json } from '../../json.ts';
import type { Message, ToolCall } from '../../exchange.ts';
import { OpenCalls } from './open-calls.ts';

/** A conversation for an OpenAI-compatible server. Calls without an id get one, and their results refer to it. */
export function messagesBody(messages: readonly Message[]): readonly Json[] {
  let made = 0;
  const open = new OpenCalls();
  const newId = (): string => {
    made += 1;
    return `call_${String(made)}`;
  };
  const idOf = ({ id, name }: NonNullable<Message['answers']>): string => {
    if (id === undefined || id === '') return open.answerFirst(name)?.id ?? newId();
    open.answer(id);
    return id;
  };
  return messages.map(({ role, roleName, text, images, thinking, toolCalls, answers }) => {
    const calls = toolCalls.map((call) => (call.id === '' ? { ...call, id: newId() } : call));
    for (const call of calls) open.add(call);
    return {
      role: roleName ?? role,
      content: images.length > 0 ? partsBody(text, images) : text === '' && calls.length > 0 ? null : text,
      // llama.cpp reads the first, vLLM and Ollama the second.
      ...(thinking === undefined ? {} : { reasoning_content: thinking, reasoning: thinking }),
      ...(calls.length === 0 ? {} : { tool_calls: calls.map(callBody) }),
      ...(answers === undefined ? {} : { tool_call_id: idOf(answers) }),
    };
  });
}

function callBody({ id, name, arguments: given }: ToolCall): Json {
  return { id, type: 'function', function: { name, arguments: JSON.stringify(given) } };
}

function partsBody(text: string, images: readonly string[]): readonly Json[] {
  const seen = images.map((image) => ({
    type: 'image_url',
    image_url: { url: `data:${typeOf(image)};base64,${image}` },
  }));
  return text === '' ? seen : [{ type: 'text', text }, ...seen];
}

const TYPES: readonly (readonly [beginning: string, type: string])[] = [
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
];

// The first characters of each kind of file, in base64.
function typeOf(image: string): string {
  return TYPES.find(([beginning]) => image.startsWith(beginning))?.[1] ?? 'image/png';
}
