import { hash, timingSafeEqual } from 'node:crypto';

/** Longest value that is compared as it is, bytes; longer ones are compared by their digests, which take 2 µs. */
const MAX_COMPARED = 255;
// The last byte is the length.
const compared = Buffer.alloc(MAX_COMPARED + 1);

const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const MASK = '[redacted]';

/**
 * A value that must never be printed: every way of printing it gives `[redacted]`. Only `reveal()` returns the value. A vault
 * password is bytes: Ansible takes those of a file as they are.
 */
export class Secret<Value extends string | Buffer = string> {
  readonly #value: Value;
  #padded: Buffer | undefined;
  #digest: Buffer | undefined;

  constructor(value: Value) {
    this.#value = value;
  }

  /** Returns the value. Call it only where the value is sent to its destination. */
  reveal(): Value {
    return this.#value;
  }

  /** Compares in constant time for all lengths. */
  equals(other: string): boolean {
    this.#padded ??= Buffer.from(padded(this.#value) ?? []);
    const given = this.#padded.length === 0 ? undefined : padded(other);
    if (given !== undefined) return timingSafeEqual(this.#padded, given);
    this.#digest ??= digest(this.#value);
    return timingSafeEqual(this.#digest, digest(other));
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [INSPECT](): string {
    return MASK;
  }
}

/** The value, its zeros and its length, in memory that the next call overwrites; `undefined` if it is too long. */
function padded(value: string | Buffer): Buffer | undefined {
  // No character takes more bytes than three for each unit of UTF-16.
  if (value.length * 3 > MAX_COMPARED) return undefined;
  const length = typeof value === 'string' ? compared.write(value) : value.copy(compared);
  compared.fill(0, length, MAX_COMPARED);
  compared[MAX_COMPARED] = length;
  return compared;
}

function digest(value: string | Buffer): Buffer {
  return hash('sha256', value, 'buffer');
}

/**
 * Whether ordinary text may hold a secret, so that masking it would tell it and damage the text: short, or made of one kind of characters
 * like a word, a name with dashes, a date or a number.
 */
export function isOrdinaryText(value: string): boolean {
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z0-9._-]/].filter((kind) => kind.test(value)).length;
  return value.length < (kinds < 2 ? 12 : 6);
}
