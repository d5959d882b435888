import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import type { Failure, FailureOr } from '../exchange.ts';
import type { RequestContext } from '../request-context.ts';
import { CODINGS, decodersFor } from './content-coding.ts';
import { JoinedChunks } from './joined-chunks.ts';
import { JsonCost, UNCOUNTED_BYTES } from './json-cost.ts';
import { replaceLoneSurrogates } from './surrogates.ts';

/**
 * Reads the whole body of a request, without its content codings, and asks the client for it if it waits for that. The promise stays
 * pending if the client leaves before the end: there is no client to answer. The rest of a body that is refused is read and dropped, so
 * that the client gets to read the error response.
 */
export function readBody(context: RequestContext): Promise<FailureOr<Buffer>> {
  const { incoming, service, bodies } = context;
  const { maxBodyBytes, maxHeldBytes } = service.config;
  const announcedBytes = Number(incoming.headers['content-length'] ?? 0);
  if (announcedBytes > maxBodyBytes) return Promise.resolve(reject(incoming, tooLarge(maxBodyBytes)));
  if (!bodies.fits(context, announcedBytes, maxHeldBytes)) return Promise.resolve(reject(incoming, NO_ROOM));
  const decoders = decodersFor(incoming.headers['content-encoding']);
  if (decoders === undefined) return Promise.resolve(reject(incoming, unknownCoding(incoming)));
  context.askForBody?.();
  return new Promise((resolve) => {
    new BodyReader(context, decoders, resolve).start();
  });
}

/** Collects the chunks of one body, and counts what they cost as they come. */
class BodyReader {
  readonly #context: RequestContext;
  readonly #decoders: readonly Transform[];
  readonly #resolve: (body: FailureOr<Buffer>) => void;
  readonly #chunks = new JoinedChunks();
  #size = 0;
  #cost: JsonCost | undefined;

  constructor(context: RequestContext, decoders: readonly Transform[], resolve: (body: FailureOr<Buffer>) => void) {
    this.#context = context;
    this.#decoders = decoders;
    this.#resolve = resolve;
  }

  start(): void {
    const { incoming } = this.#context;
    const source = this.#decoded(incoming.on('error', ignore), (failure) => {
      stop(failure);
    });
    const stop = (failure: Failure): void => {
      source.off('data', onData).off('end', onEnd);
      this.#endDecoders();
      this.#chunks.clear();
      this.#context.bodies.release(this.#context);
      this.#resolve(reject(incoming, failure));
    };
    const onData = (chunk: Buffer): void => {
      const failure = this.#take(chunk);
      if (failure !== undefined) stop(failure);
    };
    const onEnd = (): void => {
      const chunks = this.#chunks.all();
      const [first] = chunks;
      const isOne = first !== undefined && chunks.length === 1;
      const value = isOne ? first : Buffer.concat(chunks, this.#size);
      if (this.#cost?.hasCharacterEscapes === true) replaceLoneSurrogates(value);
      this.#resolve({ ok: true, value });
      // Bytes may follow the end of a coding.
      if (source !== incoming) incoming.resume();
    };
    source.on('data', onData).on('end', onEnd);
    if (source === incoming) return;
    // Decoders go on with the bytes that they have, and their output would count for ever.
    const leave = (): void => {
      source.off('data', onData).off('end', onEnd);
      this.#endDecoders();
      this.#chunks.clear();
    };
    this.#context.leave = leave;
  }

  // The body's limit holds behind each decoder: a small body may grow in the middle, and shrink again.
  #decoded(incoming: IncomingMessage, stop: (failure: Failure) => void): Readable {
    const { maxBodyBytes } = this.#context.service.config;
    let source: Readable = incoming;
    for (const decoder of this.#decoders) {
      let size = 0;
      decoder.on('error', (error) => {
        stop(undecodable(error));
      });
      decoder.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxBodyBytes) stop(tooLarge(maxBodyBytes));
      });
      source = source.pipe(decoder);
    }
    return source;
  }

  #endDecoders(): void {
    const [first] = this.#decoders;
    if (first !== undefined) this.#context.incoming.unpipe(first);
    for (const decoder of this.#decoders) decoder.destroy();
  }

  #take(chunk: Buffer): Failure | undefined {
    const { bodies, service } = this.#context;
    const { maxBodyBytes, maxHeldBytes } = service.config;
    this.#size += chunk.length;
    if (this.#size > maxBodyBytes) return tooLarge(maxBodyBytes);
    if (!bodies.hold(this.#context, chunk.length, maxHeldBytes)) return NO_ROOM;
    this.#chunks.add(chunk);
    return this.#size > UNCOUNTED_BYTES && this.#costsTooMuch(chunk) ? TOO_COMPLEX : undefined;
  }

  // Only a body that may have too many values is counted: with the first chunk beyond that size, the earlier ones are.
  #costsTooMuch(chunk: Buffer): boolean {
    if (this.#cost !== undefined) return this.#cost.push(chunk);
    const cost = new JsonCost();
    this.#cost = cost;
    return (
      this.#chunks
        .all()
        .map((earlier) => cost.push(earlier))
        .at(-1) ?? false
    );
  }
}

function reject(incoming: IncomingMessage, failure: Failure): FailureOr<Buffer> {
  incoming.on('error', ignore).resume();
  return { ok: false, failure };
}

function unknownCoding({ headers }: IncomingMessage): Failure {
  const found = String(headers['content-encoding']).slice(0, 64);
  return {
    kind: 'unknown-coding',
    code: null,
    message: `Unsupported Content-Encoding: expected ${CODINGS}, or none, found ${JSON.stringify(found)}.`,
    accept: CODINGS,
  };
}

function undecodable({ message }: Error): Failure {
  return {
    kind: 'invalid',
    code: null,
    message: `Expected a body as its Content-Encoding header says, found one that cannot be decoded: ${message}.`,
  };
}

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
