import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFake, type FakeUpstream } from '../fake-upstream.ts';

/** The end of each answer: `broken`: the server dies behind its pieces; `silent`: it says its pieces and nothing more; `error`: a 500 of Ollama. */
export type Manner = 'whole' | 'broken' | 'silent' | 'error';

/** Tokens that simulated servers have counted, for all requests that they got. */
export interface ServerCounts {
  requests: number;
  /** Of answers that they have ended. */
  promptTokens: number;
  /** Of answers that they have ended, and the pieces of others. */
  completionTokens: number;
}

export const PIECES = 3;
const PROMPT_TOKENS = 11;
const VECTORS = { model: 'm', embeddings: [[0.1, 0.2]], prompt_eval_count: PROMPT_TOKENS };

/** A simulated Ollama that counts what it serves, in the way that is asked of it for each request. */
export function startCounting(counts: ServerCounts, next: () => Manner): Promise<FakeUpstream> {
  return startFake(async ({ path }, outgoing) => {
    counts.requests += 1;
    const manner = next();
    if (manner === 'error') {
      outgoing.writeHead(500).end('{"error":"out of memory"}');
      return;
    }
    if (path.startsWith('/api/embed')) {
      const isOld = path === '/api/embeddings';
      if (manner === 'whole' && !isOld) counts.promptTokens += PROMPT_TOKENS;
      if (manner === 'whole') outgoing.end(JSON.stringify(isOld ? { embedding: [0.1, 0.2] } : VECTORS));
      else if (manner === 'broken') outgoing.destroy();
      return;
    }
    say(outgoing, path);
    if (manner === 'whole') {
      counts.promptTokens += PROMPT_TOKENS;
      // As Ollama counts: with the token that ends an answer.
      counts.completionTokens += PIECES + 1;
      outgoing.end(lineOf(path, '', { done_reason: 'stop', prompt_eval_count: PROMPT_TOKENS, eval_count: PIECES + 1 }));
      return;
    }
    counts.completionTokens += PIECES;
    if (manner === 'silent') return;
    // The pieces come before the end of the connection.
    await sleep(20);
    outgoing.destroy();
  });
}

function say(outgoing: ServerResponse, path: string): void {
  for (let piece = 0; piece < PIECES; piece += 1) outgoing.write(lineOf(path, 'word '));
}

function lineOf(path: string, text: string, end?: object): string {
  const content = path === '/api/generate' ? { response: text } : { message: { role: 'assistant', content: text } };
  return `${JSON.stringify({ model: 'm', ...content, done: end !== undefined, ...end })}\n`;
}
