/** Errors up to so many requests at once are faults; beyond, a full queue is the gateway's right. */
export const GENTLE_CONCURRENCY = 4;

/** One request of a ramp. */
export interface RampSample {
  readonly concurrency: number;
  /** Since the begin of the alias's ramp. */
  readonly atMs: number;
  readonly totalMs: number;
  readonly ttftMs: number | undefined;
  readonly tokens: number;
  readonly server: string | undefined;
  /** The reason if it was not answered. */
  readonly error: string | undefined;
}

/** One step: requests of one alias, so many at once. */
export interface RampStep {
  readonly concurrency: number;
  readonly wallMs: number;
  readonly samples: readonly RampSample[];
}

/** The ramp of one alias. */
export interface AliasRamp {
  readonly alias: string;
  /** The slots of all servers that have it in memory, if they are known. */
  readonly slots: number | undefined;
  readonly steps: readonly RampStep[];
  /** The reason for the end: all steps, more requests at once did not give more tokens, errors, or the time. */
  readonly end: 'done' | 'knee' | 'errors' | 'time';
}

/** The ramps of a target, or the reason why there is none. */
export type Ramps =
  | { readonly ran: true; readonly aliases: readonly AliasRamp[]; readonly left: readonly string[] }
  | { readonly ran: false; readonly why: string; readonly late?: true };
