import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Command } from '../core/host.ts';

/**
 * Writes a command's input and ends it, never faster than it is read. A reader that closes early is no failure: it
 * had read enough. Rejects when the source of the input fails.
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
    // A pipe or channel that closes with something still unwritten never drains, so the waiting ends with it.
    if (!writable.write(chunk)) await once(writable, 'drain', { signal: closed.signal }).catch(() => undefined);
  }
  if (!closed.signal.aborted) writable.end();
}
