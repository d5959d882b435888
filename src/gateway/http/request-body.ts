import type { IncomingMessage } from 'node:http';
import type { Failure, FailureOr } from '../exchange.ts';

/**
 * Reads the whole body of a request. The promise stays pending if the client leaves before the end: there is no client to answer.
 * The rest of a body that is too large is read and dropped, so that the client gets to read the error response.
 */
export function readBody(incoming: IncomingMessage, maxBytes: number): Promise<FailureOr<Buffer>> {
  const encoding = incoming.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return Promise.resolve(reject(incoming, COMPRESSED));
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes)
    return Promise.resolve(reject(incoming, tooLarge(maxBytes)));
  return collect(incoming, maxBytes);
}

function collect(incoming: IncomingMessage, maxBytes: number): Promise<FailureOr<Buffer>> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      incoming.off('data', onData).off('end', onEnd);
      resolve(reject(incoming, tooLarge(maxBytes)));
    };
    const onEnd = (): void => {
      const [first] = chunks;
      resolve({ ok: true, value: first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, size) });
    };
    incoming.on('data', onData).on('end', onEnd).on('error', ignore);
  });
}

function reject(incoming: IncomingMessage, failure: Failure): FailureOr<Buffer> {
  incoming.on('error', ignore).resume();
  return { ok: false, failure };
}

const COMPRESSED: Failure = {
  kind: 'invalid',
  code: null,
  message: 'The body of a request must not be compressed: send it without content-encoding.',
};

function tooLarge(maxBytes: number): Failure {
  return {
    kind: 'too-large',
    code: null,
    message: `The body of your request is too large. This server takes at most ${String(maxBytes)} bytes.`,
  };
}

// The `close` event of the response reports that a client has left.
function ignore(): void {}
