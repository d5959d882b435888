const NEWLINE = 0x0a;

/** The most bytes of empty lines in a row. */
const MOST_EMPTY_BYTES = 1024 * 1024;

/**
 * Splits chunks of bytes into lines of text, without empty lines. It cuts only at a newline, so characters stay whole. Throws at a line, or a
 * row of empty lines, without an end within its bound.
 */
export class LineSplitter {
  #rest: Buffer[] = [];
  #restBytes = 0;
  #emptyBytes = 0;
  readonly #onLine: (line: string) => void;
  readonly #maxBytes: number;

  constructor(onLine: (line: string) => void, maxBytes = 64 * 1024 * 1024) {
    this.#onLine = onLine;
    this.#maxBytes = maxBytes;
  }

  /** Whether a line has begun and not ended. */
  get pending(): boolean {
    return this.#restBytes > 0;
  }

  push(bytes: Buffer): void {
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      this.#line(bytes.subarray(from, at));
      from = at + 1;
    }
    if (from < bytes.length) this.#keep(bytes.subarray(from));
  }

  /** Passes on a last line that has no newline. */
  end(): void {
    if (this.pending) this.#line(Buffer.alloc(0));
  }

  #keep(bytes: Buffer): void {
    this.#rest.push(bytes);
    this.#restBytes += bytes.length;
    if (this.#restBytes > this.#maxBytes) throw new RangeError(`a line of more than ${String(this.#maxBytes)} bytes`);
  }

  #line(bytes: Buffer): void {
    const whole = this.#restBytes === 0 ? bytes : Buffer.concat([...this.#rest, bytes]);
    if (this.#restBytes > 0) [this.#rest, this.#restBytes] = [[], 0];
    const line = whole.toString('utf8');
    if (line.trim() === '') this.#empty(whole.length + 1);
    else {
      this.#emptyBytes = 0;
      this.#onLine(line);
    }
  }

  #empty(bytes: number): void {
    this.#emptyBytes += bytes;
    if (this.#emptyBytes > MOST_EMPTY_BYTES)
      throw new RangeError(`more than ${String(MOST_EMPTY_BYTES)} bytes of empty lines`);
  }
}
