import type { ServerEvent, ServerFailure, Usage } from '../exchange.ts';
import type { ResponseDecoder } from './wire-request.ts';
import { parseObject, type Json } from '../json.ts';

/** Gathers an answer of a server that is one JSON object, and hands it on when it has ended; `undefined` where it is none. */
export class JsonBodyReader implements ResponseDecoder {
  readonly #take: (json: Json | undefined) => void;
  readonly #pieces: Buffer[] = [];

  constructor(take: (json: Json | undefined) => void) {
    this.#take = take;
  }

  push(bytes: Buffer): void {
    this.#pieces.push(bytes);
  }

  end(): void {
    this.#take(parseObject(Buffer.concat(this.#pieces).toString('utf8')));
  }
}

type Vectors = readonly (readonly number[])[];

const TOO_FEW: ServerFailure = {
  kind: 'upstream',
  code: 'backend_failed',
  fault: 'deployment',
  message: 'the backend did not send an embedding for each input',
};

/** Reads an answer that has to hold as many vectors as texts were sent: `vectorsIn` finds them, and `usageIn` what they cost. */
export function vectorReader(
  emit: (event: ServerEvent) => void,
  wanted: number,
  vectorsIn: (json: Json) => Vectors | undefined,
  usageIn: (json: Json) => Usage,
): ResponseDecoder {
  return new JsonBodyReader((json) => {
    const vectors = json === undefined ? undefined : vectorsIn(json);
    if (json === undefined || vectors?.length !== wanted) {
      emit({ kind: 'failure', failure: TOO_FEW });
      return;
    }
    emit({ kind: 'vectors', vectors });
    emit({ kind: 'end', reason: 'stop', usage: usageIn(json) });
  });
}
