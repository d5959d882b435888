import type { Result } from '../../core/problem.ts';

/** A server that is out of use. */
export interface OutServer {
  /** Puts it back; also after an interruption. */
  readonly giveBack: () => Promise<Result<void>>;
}
