import { invalidResponse } from './exchange-failure.ts';
import type { ServerEvent, Usage } from '../exchange.ts';
import { LargeJson } from './large-json.ts';
import type { ResponseDecoder } from './wire-request.ts';
import { parseObject, type Json } from '../json.ts';

/** A body up to this size is parsed at its end, a larger one as it comes. */
const SMALL_BYTES = 512 * 1024;
/** The largest body with text; a stream has the same bound for a line. */
const MOST_TEXT_BYTES = 64 * 1024 * 1024;
/** The largest body with vectors: 2,048 vectors of 8,192 numbers take 340 MB. */
const MOST_VECTOR_BYTES = 512 * 1024 * 1024;

/**
 * Collects a response body that is one JSON object, and passes it on at its end; `undefined` if it is not one. Throws if the body has no
 * end within its bound: a server that goes on would fill the memory.
 */
export class JsonBodyReader implements ResponseDecoder {
  readonly #take: (json: Json | undefined) => void;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #large: LargeJson | undefined;
  readonly #mostBytes: number;

  constructor(holds: 'text' | 'vectors', take: (json: Json | undefined) => void) {
    this.#mostBytes = holds === 'text' ? MOST_TEXT_BYTES : MOST_VECTOR_BYTES;
    this.#take = take;
  }

  push(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#mostBytes) throw new RangeError(`a response of more than ${String(this.#mostBytes)} bytes`);
    if (this.#large !== undefined) this.#large.push(bytes);
    else {
      this.#pieces.push(bytes);
      if (this.#bytes > SMALL_BYTES) this.#parseFromNowOn();
    }
  }

  #parseFromNowOn(): void {
    this.#large = new LargeJson();
    for (const piece of this.#pieces) this.#large.push(piece);
    this.#pieces = [];
  }

  end(): void {
    if (this.#large !== undefined) this.#take(this.#large.end());
    else this.#take(parseObject(Buffer.concat(this.#pieces).toString('utf8')));
  }
}

type Vectors = readonly (readonly number[])[];

const TOO_FEW = invalidResponse('the backend did not send an embedding for each input');

/** Reads a response that must hold `wanted` vectors: `vectorsIn` finds them, `usageIn` their cost. */
export function vectorReader(
  emit: (event: ServerEvent) => void,
  wanted: number,
  vectorsIn: (json: Json) => Vectors | undefined,
  usageIn: (json: Json) => Usage,
): ResponseDecoder {
  return new JsonBodyReader('vectors', (json) => {
    const vectors = json === undefined ? undefined : vectorsIn(json);
    if (json === undefined || vectors?.length !== wanted) {
      emit({ kind: 'failure', failure: TOO_FEW });
      return;
    }
    emit({ kind: 'vectors', vectors });
    emit({ kind: 'end', reason: 'stop', usage: usageIn(json) });
  });
}
