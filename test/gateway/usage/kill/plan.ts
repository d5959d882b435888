/**
 * The requests of the kill test, known by their number alone, so that a client, the simulated servers and the rows can be compared: a request
 * names its number as its user, which the row keeps, and in its prompt, which the server reads.
 */

/** `whole`: the server answers to the end. `left`: it says some pieces and stalls, and the client leaves. `broken`: it says some and dies. */
export type Kind = 'whole' | 'left' | 'broken';

/** A request by its number. */
export interface Planned {
  readonly kind: Kind;
  readonly isStream: boolean;
  /** Pieces of the answer, before its last line if there is one. */
  readonly pieces: number;
}

export function plannedOf(number: number): Planned {
  const pieces = 1 + (number % 4);
  if (number % 40 === 7) return { kind: 'left', isStream: true, pieces };
  if (number % 40 === 23) return { kind: 'broken', isStream: true, pieces };
  return { kind: 'whole', isStream: number % 4 !== 0, pieces: pieces - 1 };
}

/** The part of a simulated server in a request. */
export interface Served {
  readonly number: number;
  /** Pieces that it has written. */
  pieces: number;
  /** Tokens that it has counted: set with the last line. */
  promptTokens: number;
  completionTokens: number;
}

/** How a request ended for its client: `read` to its last byte, `left` by the client, `cut` by the end of the gateway. */
export interface Seen {
  readonly number: number;
  outcome: 'read' | 'left' | 'cut';
  /** The id that the gateway has told; empty if no headers came. */
  id: string;
  pieces: number;
  /** Tokens of an answer that ended as it should. */
  promptTokens: number | undefined;
  completionTokens: number | undefined;
}

/** Seen by the client in one life of a gateway. */
export interface SeenRound {
  readonly seen: readonly Seen[];
  /** From the first answer to the end of the gateway, and what was answered or left in that time. */
  readonly upMs: number;
  readonly ended: number;
}
