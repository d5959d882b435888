/** Characters of lines that may wait in memory. */
const MOST_LENGTH = 8 * 1024 * 1024;
/** Lines that are taken at a time. */
const LINES_OF_PART = 100;

/** Lines that wait while the disk takes none. */
export class HeldLines {
  /** Rows of requests for which there was no room. */
  lostRows = 0;
  readonly #lines: string[] = [];
  #length = 0;

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** Adds the lines of a turn. `rows`: so many of them are rows of requests, and not lines of beginnings, without which a row is as good. */
  add(text: string, rows: number): void {
    if (this.#length + text.length > MOST_LENGTH) {
      this.lostRows += rows;
      return;
    }
    this.#lines.push(text);
    this.#length += text.length;
  }

  /** Gives the first lines to a function, and forgets them unless it throws. */
  take(write: (text: string) => void): void {
    const lines = this.#lines.slice(0, LINES_OF_PART);
    const text = lines.join('');
    write(text);
    this.#lines.splice(0, lines.length);
    this.#length -= text.length;
  }
}
