import assert from 'node:assert/strict';
import type { Seen } from './seen.ts';

interface Item {
  readonly type: string;
  readonly content?: readonly { readonly text: string }[];
  readonly call_id?: string;
  readonly name?: string;
  readonly arguments?: string;
}

interface Response {
  readonly status: string;
  readonly output: readonly Item[];
  readonly usage?: { readonly input_tokens: number } | null;
  readonly error?: { readonly message: string } | null;
}

interface Event {
  readonly type: string;
  readonly delta?: string;
  readonly item?: Item;
  readonly response?: Response;
}

/**
 * Reads a response of the Responses API as Open WebUI 0.12.4 does: by the type in the data, and the items as they are when they are
 * done.
 */
export function readResponse(text: string, type: string): Seen {
  if (type === 'application/json') {
    const response = JSON.parse(text) as Response;
    return see(response.output, response);
  }
  const events = text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice('data: '.length)) as Event);
  const seen = see(
    events.flatMap(({ type: what, item }) =>
      what === 'response.output_item.done' && item !== undefined ? [item] : [],
    ),
    events.at(-1)?.response,
  );
  const deltas = (what: string): string =>
    events.map((event) => (event.type === what ? (event.delta ?? '') : '')).join('');
  const [spoken, thought] = [deltas('response.output_text.delta'), deltas('response.reasoning_text.delta')];
  if (seen.error !== undefined) return { ...seen, text: spoken, thoughts: thought };
  assert.deepEqual([seen.text, seen.thoughts], [spoken, thought], 'the streamed text is the final text');
  return seen;
}

function see(items: readonly Item[], response: Response | undefined): Seen {
  const textOf = (type: string): string =>
    items.map((item) => (item.type === type ? (item.content ?? []).map(({ text }) => text).join('') : '')).join('');
  return {
    text: textOf('message'),
    thoughts: textOf('reasoning'),
    calls: items
      .filter(({ type }) => type === 'function_call')
      .map((item) => ({
        id: item.call_id ?? '',
        name: item.name ?? '',
        arguments: JSON.parse(item.arguments ?? '') as unknown,
      })),
    finish: response?.status === 'completed' ? 'stop' : response?.status,
    promptTokens: response?.usage?.input_tokens,
    error: response?.error?.message,
  };
}
