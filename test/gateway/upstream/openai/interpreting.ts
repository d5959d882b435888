import type { ChatRequest, ServerEvent } from '../../../../src/gateway/exchange.ts';
import { openaiChat } from '../../../../src/gateway/upstream/openai/call.ts';
import { eventsOf } from '../../pieces.ts';
import { PLAIN_CHAT } from '../chat-request.ts';

export const USAGE = { prompt_tokens: 3, completion_tokens: 2 };

export const COUNTED = { promptTokens: 3, completionTokens: 2 };

export type Said = Readonly<Record<string, unknown>>;

export function sse(...bodies: readonly unknown[]): string {
  return [...bodies.map((body) => JSON.stringify(body)), '[DONE]'].map((data) => `data: ${data}\n\n`).join('');
}

export function delta(said: Said, more: Said = {}): Said {
  return {
    id: 'x',
    object: 'chat.completion.chunk',
    model: 'theirs',
    choices: [{ index: 0, delta: said, finish_reason: null, ...more }],
  };
}

export function finished(reason: string): readonly Said[] {
  return [delta({}, { finish_reason: reason }), { id: 'x', choices: [], usage: USAGE }];
}

export function streamed(text: string, more: Partial<ChatRequest> = {}): readonly ServerEvent[] {
  return eventsOf((emit) => openaiChat({ ...PLAIN_CHAT, ...more }, 'theirs').read(emit), [Buffer.from(text)]);
}

export const piece = (
  index: number | undefined,
  id: string | undefined,
  name: string | undefined,
  given: unknown,
): Said => ({
  ...(index === undefined ? {} : { index }),
  ...(id === undefined ? {} : { id }),
  type: 'function',
  function: { ...(name === undefined ? {} : { name }), arguments: given },
});

export const calls = (...pieces: readonly Said[]): Said => delta({ tool_calls: pieces });

export const calledIn = (events: readonly ServerEvent[]): readonly unknown[] =>
  events.flatMap((event) => (event.kind === 'tool-call' ? [[event.call.name, event.call.arguments]] : []));
