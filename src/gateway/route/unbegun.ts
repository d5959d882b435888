/** A request that a replica has and has not begun to answer, and that may be taken back. */
export interface Unbegun {
  readonly request: string;
  /** The deployments that it asked for. */
  readonly deployments: readonly string[];
  readonly sentMs: number;
  /** Its first token is overdue so long after it was sent, or after another answer of the replica has begun, ms. */
  readonly patienceMs: number;
}

/** A replica that has kept requests for longer than it may: until it begins an answer, it gets one request at a time, each after a pause. */
export interface Stall {
  /** When the first request that was taken back had been sent. */
  readonly sinceMs: number;
  /** The pause that was made last. */
  readonly pauseMs: number;
  /** The end of that pause. */
  readonly untilMs: number;
}
