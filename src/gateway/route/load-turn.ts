import type { Replica } from './replica.ts';

/** The turn of the model that the gateway loaded last: it serves its queue before the backend loads another model. */
export interface LoadTurn {
  readonly replica: Replica;
  /** Its waiters keep the turn until then if they are older than the request that needs another model. */
  readonly untilMs: number;
  /** One of its requests was answered, or is being answered. */
  served: boolean;
  /** The key of the queue that it was loaded for, until that queue gets a slot. */
  queue: string | undefined;
}
