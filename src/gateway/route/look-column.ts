/**
 * A number that one look finds for each part of a fleet, by the part's own number. The next look uses the same memory again, so that nothing
 * is left to the garbage collector.
 */
export class LookColumn {
  #looks = new Float64Array(64);
  #values = new Float64Array(64);

  /** Whether this look has found a value. */
  has(number: number, look: number): boolean {
    return this.#looks[number] === look;
  }

  /** The value that was found last. */
  at(number: number): number {
    return this.#values[number] ?? 0;
  }

  /** Records a value. */
  set(number: number, look: number, value: number): void {
    if (number >= this.#looks.length) {
      this.#looks = longer(this.#looks, number);
      this.#values = longer(this.#values, number);
    }
    this.#looks[number] = look;
    this.#values[number] = value;
  }
}

function longer(column: Float64Array<ArrayBuffer>, number: number): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(Math.max(2 * column.length, number + 1));
  copy.set(column);
  return copy;
}
