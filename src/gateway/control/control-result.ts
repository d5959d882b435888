import type { Problem } from '../../core/problem.ts';

/** The result of a command: its document, and whether it has succeeded. */
export interface ControlResult {
  readonly ok: boolean;
  readonly document: object;
  readonly problems: readonly Problem[];
}
