import type { IncomingMessage } from 'node:http';
import type { Failure, FailureOr } from '../exchange.ts';
import type { RequestContext } from '../request-context.ts';
import { JsonCost, UNCOUNTED_BYTES } from './json-cost.ts';

/**
 * Reads the whole body of a request. The promise stays pending if the client leaves before the end: there is no client to answer.
 * The rest of a body that is refused is read and dropped, so that the client gets to read the error response.
 */
export function readBody(context: RequestContext): Promise<FailureOr<Buffer>> {
  const { incoming, service, bodies } = context;
  const { maxBodyBytes, maxHeldBytes } = service.config;
  const encoding = incoming.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return Promise.resolve(reject(incoming, COMPRESSED));
  const announcedBytes = Number(incoming.headers['content-length'] ?? 0);
  if (announcedBytes > maxBodyBytes) return Promise.resolve(reject(incoming, tooLarge(maxBodyBytes)));
  if (!bodies.fits(context, announcedBytes, maxHeldBytes)) return Promise.resolve(reject(incoming, NO_ROOM));
  return new Promise((resolve) => {
    new BodyReader(context, resolve).start();
  });
}

/** Collects the chunks of one body, and counts what they cost as they come. */
class BodyReader {
  readonly #context: RequestContext;
  readonly #resolve: (body: FailureOr<Buffer>) => void;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #cost: JsonCost | undefined;

  constructor(context: RequestContext, resolve: (body: FailureOr<Buffer>) => void) {
    this.#context = context;
    this.#resolve = resolve;
  }

  start(): void {
    const { incoming } = this.#context;
    const onData = (chunk: Buffer): void => {
      const failure = this.#take(chunk);
      if (failure === undefined) return;
      incoming.off('data', onData).off('end', onEnd);
      this.#chunks.length = 0;
      this.#context.bodies.release(this.#context);
      this.#resolve(reject(incoming, failure));
    };
    const onEnd = (): void => {
      const [first] = this.#chunks;
      const isOne = first !== undefined && this.#chunks.length === 1;
      this.#resolve({ ok: true, value: isOne ? first : Buffer.concat(this.#chunks, this.#size) });
    };
    incoming.on('data', onData).on('end', onEnd).on('error', ignore);
  }

  #take(chunk: Buffer): Failure | undefined {
    const { bodies, service } = this.#context;
    const { maxBodyBytes, maxHeldBytes } = service.config;
    this.#size += chunk.length;
    if (this.#size > maxBodyBytes) return tooLarge(maxBodyBytes);
    if (!bodies.hold(this.#context, chunk.length, maxHeldBytes)) return NO_ROOM;
    this.#chunks.push(chunk);
    return this.#size > UNCOUNTED_BYTES && this.#costsTooMuch(chunk) ? TOO_COMPLEX : undefined;
  }

  // Only a body that may have too many values is counted: with the first chunk beyond that size, the earlier ones are.
  #costsTooMuch(chunk: Buffer): boolean {
    if (this.#cost !== undefined) return this.#cost.push(chunk);
    const cost = new JsonCost();
    this.#cost = cost;
    return this.#chunks.map((earlier) => cost.push(earlier)).at(-1) ?? false;
  }
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

const TOO_COMPLEX: Failure = {
  kind: 'too-large',
  code: 'too_many_values',
  message:
    'The JSON body of your request has too many values. Expected at most 400,000 numbers, 130,000 strings or 36,000 keys.',
};

const NO_ROOM: Failure = {
  kind: 'overloaded',
  code: 'bodies_full',
  message: 'The server holds as many request bodies as it may at a time (hxllm.max_bodies_mib).',
  retryAfterMs: 2000,
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
