/** The port to stored usage: rows of requests, and sums of days. SQLite stands behind it, in the database of keys. */

import type { UsagePrice } from './usage-line.ts';

/** The ways to sum up: `user` is the one whom a key asks for, else the one it belongs to; `model` is the alias. */
export const USAGE_DIMENSIONS = ['day', 'key', 'team', 'user', 'model', 'backend', 'tag'] as const;
export type UsageDimension = (typeof USAGE_DIMENSIONS)[number];

/** A day of UTC, which sums are made of. */
export const DAY_MS = 86_400_000;
/** Rows are kept for so long. */
export const KEPT_ROWS_MS = 90 * DAY_MS;

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
  /** A file that cannot be read, and why: its journal was left out. */
  readonly unreadable?: string;
  /** There is more to do. */
  readonly more: boolean;
}

/** Which sums. */
export interface SumQuery {
  readonly by: UsageDimension;
  /** From this time on, to before that one, in ms since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** The sums of a value (a day, a key, a model …), by the names of `/usage`. */
export interface UsageSum {
  /** `YYYY-MM-DD`, an id or a name; empty: none. */
  readonly value: string;
  /** The value for people: of a key or team its alias. */
  readonly name: string;
  readonly requests: number;
  /** Requests of these that did not come to their end. */
  readonly unanswered: number;
  readonly lost: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly cost: number;
}

/** Which rows; all conditions hold together. */
export interface UsageFilter {
  readonly id?: string | undefined;
  readonly keyId?: string | undefined;
  readonly userId?: string | undefined;
  /** From this time on, to before that one, in ms since 1970. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/** A row, by the names of its columns. */
export interface StoredUsage {
  readonly id: string;
  readonly atMs: number;
  readonly key_id: string | null;
  readonly team_id: string | null;
  readonly user_id: string | null;
  readonly end_user: string | null;
  readonly tags: readonly string[];
  readonly dialect: string | null;
  readonly address: string | null;
  readonly alias: string | null;
  readonly model: string | null;
  readonly backend: string | null;
  readonly reason: string | null;
  readonly status: number | null;
  readonly ended: string;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly estimated: number;
  readonly cost: number;
  readonly queue_ms: number | null;
  readonly load_ms: number | null;
  readonly ttft_ms: number | null;
  readonly total_ms: number | null;
  readonly price: UsagePrice | null;
}

/** The amounts that an owner of budgets has spent in a period, by rows of one journal. */
export interface SpentAmount {
  readonly owner: string;
  /** The name of the journal; empty: of processes that have ended. */
  readonly journal: string;
  /** The beginning of the period, in ms since 1970. */
  readonly startMs: number;
  readonly tokens: number;
  readonly money: number;
}

/** The part of a budget that is spent in a period, as a line of the log tells it once. */
export interface ToldNotice {
  readonly owner: string;
  readonly unit: 'tokens' | 'money';
  /** The beginning of the period, in ms since 1970. */
  readonly startMs: number;
  readonly limit: number;
  readonly percent: number;
}

/** Spent amounts to set. A missing one stays. */
export interface SpentReset {
  readonly tokens?: number;
  readonly money?: number;
}

/** Amounts, and the revision up to which these are all. */
export interface SpentPage {
  readonly amounts: readonly SpentAmount[];
  readonly revision: number;
}

/** A question about rows: a page of those of a filter. */
export interface UsageQuery {
  readonly filter: UsageFilter;
  readonly limit: number;
  readonly offset: number;
}

/** The store of usage. Every call fails with a `StoreError` if the store cannot be read or written. */
export interface UsageStore {
  /** Stores the rows of a journal's file from a place on; one call takes a part of it. A power cut may undo it until `syncUsage`. */
  appendUsage(file: string, from: number): Promise<StoredPart>;
  /** Brings all rows so far to the disk. */
  syncUsage(): Promise<undefined>;
  /** Stores a part of the journals of other processes that have ended, and removes those that are stored as a whole. */
  recoverUsage(folder: string, own: string): Promise<RecoveredPart>;
  /** Removes a small number of rows and sums that are too old; `false`: none is left. */
  pruneUsage(nowMs: number): Promise<boolean>;
  /** The sums of each value over whole days of UTC, a list of {@link UsageSum} as JSON: it may be long, and goes to the client as it is. */
  sumUsage(query: SumQuery): Promise<Uint8Array<ArrayBuffer>>;
  /** The cost of all requests on days before a moment. */
  costBefore(toMs: number): Promise<number>;
  /** The costs of a filter on a day of UTC, given by its first moment, as LiteLLM sums them up in JSON; `undefined` without rows. */
  costsOfDay(filter: UsageFilter, dayMs: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** The spent amounts that have changed since a revision, without those of a journal. */
  spentSince(revision: number, own: string): Promise<SpentPage>;
  /** Sets the spent amounts of an owner in a period. */
  resetSpent(owner: string, startMs: number, to: SpentReset): Promise<undefined>;
  /** Notes that a notice is told; `false`: it was, in its period and with its limit. */
  tellBudget(notice: ToldNotice): Promise<boolean>;
  /** Rows of a filter, the latest first. */
  findUsage(query: UsageQuery): Promise<readonly StoredUsage[]>;
}
