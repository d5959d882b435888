import type { IncomingMessage } from 'node:http';
import type { FailureOr } from '../exchange.ts';

/**
 * Reads a request's body whole, straight from the message. Says nothing when the client leaves before its end:
 * there is nobody to tell. What comes after a body that is too large is read and thrown away, so that the refusal arrives.
 */
export function readBody(incoming: IncomingMessage, maxBytes: number, done: (body: FailureOr<Buffer>) => void): void {
  const encoding = incoming.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    refuse(incoming, done, {
      kind: 'invalid',
      code: null,
      message: 'The body of a request must not be compressed: send it without content-encoding.',
    });
  } else if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) {
    refuse(incoming, done, tooLarge(maxBytes));
  } else collect(incoming, maxBytes, done);
}

function collect(incoming: IncomingMessage, maxBytes: number, done: (body: FailureOr<Buffer>) => void): void {
  const pieces: Buffer[] = [];
  let size = 0;
  const take = (piece: Buffer): void => {
    size += piece.length;
    if (size <= maxBytes) {
      pieces.push(piece);
      return;
    }
    incoming.off('data', take).off('end', finish);
    refuse(incoming, done, tooLarge(maxBytes));
  };
  const finish = (): void => {
    const [first] = pieces;
    done({ ok: true, value: first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces, size) });
  };
  incoming.on('data', take).on('end', finish).on('error', ignore);
}

type Refused = Extract<FailureOr<Buffer>, { ok: false }>['failure'];

function refuse(incoming: IncomingMessage, done: (body: FailureOr<Buffer>) => void, failure: Refused): void {
  incoming.on('error', ignore).resume();
  done({ ok: false, failure });
}

function tooLarge(maxBytes: number): Refused {
  return {
    kind: 'too-large',
    code: null,
    message: `The body of your request is too large. This server takes at most ${String(maxBytes)} bytes.`,
  };
}

// The outgoing message's `close` tells of a client that left.
function ignore(): void {}
