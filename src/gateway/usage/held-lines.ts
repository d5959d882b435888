import type { Segment } from './segment.ts';

/** Characters of lines that may wait in memory. */
const MOST_LENGTH = 8 * 1024 * 1024;
/** Lines that are taken at a time. */
const LINES_OF_PART = 100;

/** The lines of a turn. */
export interface TurnLines {
  readonly text: string;
  /** So many of them are rows of requests, and not lines of beginnings, without which a row is as good. */
  readonly rows: number;
  /** Called when they are written, with their segment, or when they are lost. */
  readonly settle: (segment: Segment | undefined) => void;
}

/** Lines that wait while the disk takes none. */
export class HeldLines {
  /** Rows of requests for which there was no room. */
  lostRows = 0;
  /** Rows that wait. */
  rows = 0;
  readonly #turns: TurnLines[] = [];
  #length = 0;

  get isEmpty(): boolean {
    return this.#turns.length === 0;
  }

  add(turn: TurnLines): void {
    if (this.#length + turn.text.length > MOST_LENGTH) {
      this.lostRows += turn.rows;
      turn.settle(undefined);
      return;
    }
    this.#turns.push(turn);
    this.#length += turn.text.length;
    this.rows += turn.rows;
  }

  /** Gives the first lines to a function, and forgets them unless it throws. */
  take(write: (text: string) => Segment): void {
    const turns = this.#turns.slice(0, LINES_OF_PART);
    const text = turns.map((turn) => turn.text).join('');
    const segment = write(text);
    this.#turns.splice(0, turns.length);
    this.#length -= text.length;
    for (const { rows, settle } of turns) {
      this.rows -= rows;
      settle(segment);
    }
  }

  /** There is no more time for those that wait: their rows are lost. */
  giveUp(): void {
    this.lostRows += this.rows;
    this.rows = 0;
  }
}
