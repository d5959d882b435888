/** Looks for stop sequences in a stream: passes text on as soon as it cannot be the beginning of one. */
export class StopWatch {
  readonly #stops: readonly string[];
  #held = '';

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  /**
   * Adds a piece of text. `text` may go to the client. `stopped`: a stop sequence was found; it and the text behind it
   * are dropped.
   */
  push(piece: string): { readonly text: string; readonly stopped: boolean } {
    const text = this.#held + piece;
    const met = this.#stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0);
    this.#held = '';
    if (met.length > 0) return { text: text.slice(0, Math.min(...met)), stopped: true };
    if (!this.#stops.some((stop) => endsWithBeginning(text, stop))) return { text, stopped: false };
    this.#held = text;
    return { text: '', stopped: false };
  }

  /** The text held back when the answer ended without a stop sequence. */
  rest(): string {
    return this.#held;
  }
}

function endsWithBeginning(text: string, stop: string): boolean {
  for (let length = 1; length < stop.length; length += 1) if (text.endsWith(stop.slice(0, length))) return true;
  return false;
}
