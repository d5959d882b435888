import { setImmediate as turn } from 'node:timers/promises';

/** Time of work after which the event loop gets a turn, ms. */
const SLICE_MS = 3;

/** A long text as bytes, in pieces that nobody joins: to join and encode some megabytes takes the event loop 20 ms. */
export class LongText {
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
  readonly length: number;

  constructor(...pieces: readonly (string | Uint8Array<ArrayBuffer>)[]) {
    this.pieces = pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece));
    this.length = this.pieces.reduce((sum, piece) => sum + piece.length, 0);
  }

  /** The body of a response: a turn for each piece. */
  body(): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
    const [first, ...more] = this.pieces;
    if (first === undefined || more.length === 0) return first ?? new Uint8Array();
    const left = this.pieces.values();
    return new ReadableStream({
      pull: async (controller) => {
        await turn();
        const { value } = left.next();
        if (value === undefined) controller.close();
        else controller.enqueue(value);
      },
    });
  }

  text(): string {
    return Buffer.concat(this.pieces).toString();
  }
}

/** Long work, in slices between which the event loop gets a turn. */
export class Slices {
  #sinceMs = performance.now();

  /** A turn to wait for, where one is due. */
  due(): Promise<void> | undefined {
    return performance.now() - this.#sinceMs < SLICE_MS ? undefined : this.#turn();
  }

  async #turn(): Promise<void> {
    await turn();
    this.#sinceMs = performance.now();
  }
}

/** Makes a long text in slices, between which the event loop gets a turn. */
export class SlicedText {
  readonly #pieces: Buffer<ArrayBuffer>[] = [];
  readonly #slices = new Slices();
  #text = '';

  /** Adds a text, and waits for a turn where one is due. */
  add(text: string): Promise<void> | undefined {
    this.#text += text;
    const waits = this.#slices.due();
    if (waits !== undefined) this.#encode();
    return waits;
  }

  /** Adds values as JSON, separated by commas; `undefined` leaves one out. */
  async addList<T>(values: Iterable<T>, of: (value: T) => object | undefined): Promise<void> {
    let comma = '';
    for (const value of values) {
      const shown = of(value);
      const waits = this.add(shown === undefined ? '' : comma + JSON.stringify(shown));
      if (shown !== undefined) comma = ',';
      if (waits !== undefined) await waits;
    }
  }

  end(): LongText {
    this.#encode();
    return new LongText(...this.#pieces);
  }

  #encode(): void {
    if (this.#text !== '') this.#pieces.push(Buffer.from(this.#text));
    this.#text = '';
  }
}

/** Values as a list of JSON, in an object of that name if one is given; `undefined` leaves a value out. */
export async function jsonList<T>(
  values: Iterable<T>,
  of: (value: T) => object | undefined,
  name?: string,
): Promise<LongText> {
  const text = new SlicedText();
  await text.add(name === undefined ? '[' : `{"${name}":[`);
  await text.addList(values, of);
  await text.add(name === undefined ? ']' : ']}');
  return text.end();
}
