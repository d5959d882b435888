import type { Machine } from '../machine.ts';
import type { Line } from '../wire/line.ts';

/** One request, and the connection back to its client. */
export interface Call {
  readonly machine: Machine;
  readonly path: string;
  /** The body as text. */
  readonly text: string;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
  readonly line: Line;
  readonly startedMs: number;
}
