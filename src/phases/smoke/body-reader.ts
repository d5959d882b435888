/** Far more than any expected answer has. */
const MAX_BODY_BYTES = 4 << 20;

/** A body, with the arrival of each of its events. */
export interface ArrivedBody {
  readonly text: string;
  /** For a stream of events: when the blank line after each block arrived. */
  readonly blocksMs: readonly number[];
  /** Whether the rest was not waited for. */
  readonly left: boolean;
}

/**
 * Reads a body to its end, or until `leaveAfter` blocks of an event stream have arrived: then the connection is closed. `clockMs` is the
 * time since the request. Throws if the body is too large.
 */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  clockMs: () => number,
  leaveAfter = Number.POSITIVE_INFINITY,
): Promise<ArrivedBody> {
  const decoder = new TextDecoder();
  const blocksMs: number[] = [];
  let text = '';
  let sizeBytes = 0;
  let atLineStart = false;
  // The iterator closes the connection when it is left.
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_BODY_BYTES) throw new Error(`the answer is larger than ${String(MAX_BODY_BYTES >> 20)} MiB`);
    const part = decoder.decode(chunk, { stream: true });
    text += part;
    // The same blocks as `readEventStream` sees: two line feeds end one, whatever carriage returns stand between them.
    for (const character of part) {
      if (character === '\r') continue;
      const ends: boolean = character === '\n' && atLineStart;
      if (ends) blocksMs.push(clockMs());
      atLineStart = character === '\n' && !ends;
    }
    if (blocksMs.length >= leaveAfter) return { text, blocksMs, left: true };
  }
  return { text: text + decoder.decode(), blocksMs, left: false };
}
