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
  return messages.map(({ role, roleName, parts, thinking, toolCalls, answers }) => {
    const calls = toolCalls.map((call) => (call.id === '' ? { ...call, id: newId() } : call));
    for (const call of calls) open.add(call);
    return {
      role: roleName ?? role,
      content: contentBody(parts, calls.length > 0),
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

function contentBody(parts: Message['parts'], hasCalls: boolean): string | readonly Json[] | null {
  if (parts.some(({ images }) => images.length > 0)) return parts.flatMap(partBody);
  const text = parts.map((part) => part.text).join('\n');
  return text === '' && hasCalls ? null : text;
}

function partBody({ text, images }: Message['parts'][number]): readonly Json[] {
  const seen = images.map((image) => ({
    type: 'image_url',
    // Base64 has no colon.
    image_url: { url: image.includes(':') ? image : `data:${typeOf(image)};base64,${image}` },
  }));
  return text === '' ? seen : [...seen, { type: 'text', text }];
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
