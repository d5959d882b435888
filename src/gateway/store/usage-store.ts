/** The port to stored usage: rows of requests, and sums of days. SQLite stands behind it, in the database of keys. */

/** The ways to sum up: `user` is the one whom a key asks for, else the one it belongs to; `model` is the alias. */
export const USAGE_DIMENSIONS = ['day', 'key', 'team', 'user', 'model', 'backend', 'tag'] as const;
export type UsageDimension = (typeof USAGE_DIMENSIONS)[number];

/** A part of a journal that was stored. */
export interface StoredPart {
  /** The place in the file behind the last whole line that was read. */
  readonly next: number;
  /** Rows that were new. */
  readonly added: number;
  /** Rows that had been stored before. */
  readonly known: number;
  readonly damaged: number;
}

/** A step of taking over the journals of processes that have ended. */
export interface RecoveredPart {
  readonly added: number;
  /** Requests that the end of their process has cut. */
  readonly lost: number;
  readonly damaged: number;
  /** Bytes in journals of other processes. */
  readonly otherBytes: number;
  /** There is more to do. */
  readonly more: boolean;
}

/** The store of usage. Every call fails with a `StoreError` if the store cannot be read or written. */
export interface UsageStore {
  /** Stores the rows of a journal's file from a place on; one call takes a part of it. */
  appendUsage(file: string, from: number): Promise<StoredPart>;
  /** Stores a part of the journals of other processes that have ended, and removes those that are stored as a whole. */
  recoverUsage(folder: string, own: string): Promise<RecoveredPart>;
  /** Removes a small number of rows and sums that are too old; `false`: none is left. */
  pruneUsage(nowMs: number): Promise<boolean>;
}
