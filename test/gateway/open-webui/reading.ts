import assert from 'node:assert/strict';
import { readResponse } from './responses-reading.ts';
import type { Seen } from './seen.ts';

interface Message {
  readonly content?: string | null;
  readonly reasoning_content?: string;
  readonly thinking?: string;
  readonly tool_calls?: readonly Call[];
}

interface Call {
  readonly index?: number;
  readonly id: string;
  readonly function: { readonly name: string; readonly arguments: unknown; readonly index?: number };
}

/** A chunk of either dialect; each field is checked below. */
interface Piece {
  readonly choices?: readonly {
    readonly delta?: Message;
    readonly message?: Message;
    readonly finish_reason?: string | null;
  }[];
  readonly message?: Message;
  readonly done?: boolean;
  readonly done_reason?: string;
  readonly prompt_eval_count?: number;
  readonly usage?: { readonly prompt_tokens: number } | null;
  readonly error?: string | { readonly message: string };
}

/** Reads a response as Open WebUI 0.12.4 does: a stream line by line, and of each line only the fields named here. */
export function readAnswer(text: string, type: string): Seen {
  if (/"object":"response"/.test(text)) return readResponse(text, type);
  if (type === 'application/json') return sum([JSON.parse(text) as Piece]);
  const lines = text.split('\n').filter((line) => line !== '');
  if (type.startsWith('application/x-ndjson')) return sum(lines.map((line) => JSON.parse(line) as Piece));
  assert.match(type, /^text\/event-stream/);
  // Comments are skipped; any other line without `data:` would be lost.
  const data = lines
    .filter((line) => !line.startsWith(':'))
    .map((line) => {
      assert.match(line, /^data: /);
      return line.slice('data: '.length);
    });
  const pieces = data.filter((line) => line !== '[DONE]').map((line) => JSON.parse(line) as Piece);
  assert.equal(
    data.at(-1) === '[DONE]',
    pieces.every(({ error }) => error === undefined),
    'a stream ends with [DONE] unless it failed',
  );
  return sum(pieces);
}

function sum(pieces: readonly Piece[]): Seen {
  const messages = pieces.map(
    (piece) => piece.choices?.[0]?.delta ?? piece.choices?.[0]?.message ?? piece.message ?? {},
  );
  const calls = messages.flatMap((message) => message.tool_calls ?? []);
  assert.equal(
    new Set(calls.map((call) => call.index ?? call.function.index)).size,
    calls.length,
    'calls of one index would be taken for one',
  );
  const error = pieces.find((piece) => piece.error !== undefined)?.error;
  return {
    text: messages.map(({ content }) => content ?? '').join(''),
    thoughts: messages.map(({ reasoning_content, thinking }) => reasoning_content ?? thinking ?? '').join(''),
    calls: calls.map((call) => ({
      id: call.id,
      name: call.function.name,
      arguments:
        typeof call.function.arguments === 'string' ? JSON.parse(call.function.arguments) : call.function.arguments,
    })),
    finish: pieces
      .map((piece) => piece.choices?.[0]?.finish_reason ?? piece.done_reason)
      .findLast((reason) => reason !== undefined),
    promptTokens: pieces
      .map((piece) => piece.usage?.prompt_tokens ?? piece.prompt_eval_count)
      .findLast((count) => count !== undefined),
    error: typeof error === 'object' ? error.message : error,
  };
}
