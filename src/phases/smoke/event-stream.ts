import { parseJson } from '../../core/json.ts';

/** A parsed stream of server-sent events, with the first error of its framing. */
export interface EventStream {
  /** The JSON of each `data:` before the end. */
  readonly chunks: readonly unknown[];
  /** The number of the block of each chunk, from 0. */
  readonly blocks: readonly number[];
  readonly done: boolean;
  /** The first violation that a strict client would fail on. */
  readonly fault: string | undefined;
}

/**
 * Parses a chat's stream as OpenAI's SDKs do (openai-node core/streaming.ts): blocks that end in a blank line, one `data:`
 * each, comments skipped, `[DONE]` last.
 */
export function readEventStream(text: string): EventStream {
  const chunks: unknown[] = [];
  const numbers: number[] = [];
  let done = false;
  let fault: string | undefined;
  const blocks = text.replaceAll('\r\n', '\n').split('\n\n');
  const rest = blocks.pop() ?? '';
  if (rest.trim() !== '') fault = `the last event does not end in a blank line: ${rest.slice(0, 80)}`;
  for (const [number, block] of blocks.entries()) {
    const lines = block.split('\n').filter((line) => line !== '' && !line.startsWith(':'));
    if (lines.length === 0) continue;
    const [line = ''] = lines;
    const data = /^data: ?(.*)$/.exec(line)?.[1];
    if (lines.length > 1 || data === undefined) fault ??= `an event is not one data line: ${block.slice(0, 80)}`;
    else if (done) fault ??= `an event after [DONE]: ${block.slice(0, 80)}`;
    else if (data === '[DONE]') done = true;
    else {
      const value = parseJson(data);
      if (value === undefined) fault ??= `an event is not JSON: ${data.slice(0, 80)}`;
      else {
        chunks.push(value);
        numbers.push(number);
      }
    }
  }
  return { chunks, blocks: numbers, done, fault };
}
