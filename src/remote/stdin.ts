import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Command } from '../core/host.ts';

/**
 * Writes a command's input and ends it, never faster than the command reads. A reader that closes early is no error: it
 * has read enough. Rejects if the source of the input fails.
 */
export async function writeStdin(stdin: Command['stdin'], writable: Writable): Promise<void> {
  if (stdin === undefined || typeof stdin === 'string' || stdin instanceof Uint8Array) {
    writable.end(stdin);
    return;
  }
  const closed = new AbortController();
  const close = (): void => {
    closed.abort();
  };
  writable.once('close', close).once('error', close);
  for await (const chunk of stdin) {
    if (closed.signal.aborted) return;
    // A pipe or channel that closes with unwritten data never drains, so the wait ends at its closing.
    if (!writable.write(chunk)) await once(writable, 'drain', { signal: closed.signal }).catch(() => undefined);
  }
  if (!closed.signal.aborted) writable.end();
}
