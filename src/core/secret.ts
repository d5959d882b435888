import { hash, timingSafeEqual } from 'node:crypto';

const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const MASK = '[redacted]';

/** A value that must never be printed: every way of printing it gives `[redacted]`. Only `reveal()` returns the value. */
export class Secret {
  readonly #value: string;
  #digest: Buffer | undefined;

  constructor(value: string) {
    this.#value = value;
  }

  /** Returns the value. Call it only where the value is sent to its destination. */
  reveal(): string {
    return this.#value;
  }

  /** Compares in constant time for all lengths. */
  equals(other: string): boolean {
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

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
