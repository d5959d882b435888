import { hash, timingSafeEqual } from 'node:crypto';

const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const MASK = '[redacted]';

/**
 * A value that must never be printed: every way of printing it gives `[redacted]`. Only `reveal()` returns the value. A vault
 * password is bytes: Ansible takes those of a file as they are.
 */
export class Secret<Value extends string | Buffer = string> {
  readonly #value: Value;
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

function digest(value: string | Buffer): Buffer {
  return hash('sha256', value, 'buffer');
}
