import type { UsageStore } from './usage-store.ts';

/**
 * The port to the store of keys, teams and users. SQLite stands behind it today; a server's database may stand there later. It keeps
 * documents, and knows of them only what is looked for.
 */

/** The kinds of records. */
export type RecordKind = 'key' | 'team' | 'user';

/** The SHA-256 of a text of a key that works until `untilMs`, in ms since 1970. */
export interface FormerHash {
  readonly hash: string;
  readonly untilMs: number;
}

/** The stored part of a key, a team or a user. */
export interface RecordContent {
  readonly kind: RecordKind;
  /** It stays for the life of the record, also when a key gets another text. */
  readonly id: string;
  /** Of keys: the hash of the text. No two keys have the same one, former ones included. */
  readonly hash?: string | undefined;
  /** Of keys: hashes from before a rotation. */
  readonly former?: readonly FormerHash[] | undefined;
  /** `key_alias`, which no two keys share; `team_alias`; `user_email`. */
  readonly alias: string | undefined;
  readonly teamId: string | undefined;
  readonly userId: string | undefined;
  readonly blocked: boolean;
  /** Times in ms since 1970. */
  readonly expiresMs: number | undefined;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly deletedMs: number | undefined;
  /** JSON. */
  readonly document: string;
}

/** A record as it was read. */
export interface StoredRecord extends RecordContent {
  /** The number of the change that made it so. It only grows. */
  readonly revision: number;
}

/** A record to write, if it still has the revision that it was read with; 0: it does not exist yet. */
export interface RecordChange extends RecordContent {
  readonly expected: number;
}

/** The outcome of {@link KeyStore.commit}: all changes are stored, or none, for a reason that concerns the record of `id`. */
export type Commit =
  | { readonly ok: true; readonly revision: number }
  | { readonly ok: false; readonly conflict: 'changed' | 'alias' | 'hash'; readonly id: string };

/** Which records to find. All conditions hold together; deleted records are found only by `status: 'deleted'`. */
export interface RecordQuery {
  readonly kind: RecordKind;
  readonly ids?: readonly string[] | undefined;
  /** Of keys; also a former hash that works at `nowMs`. */
  readonly hashes?: readonly string[] | undefined;
  readonly aliases?: readonly string[] | undefined;
  readonly teamId?: string | undefined;
  readonly userId?: string | undefined;
  /** The field `organization_id`. */
  readonly organizationId?: string | undefined;
  /** A part of the alias, in any case. */
  readonly search?: string | undefined;
  readonly status?: 'active' | 'expired' | 'revoked' | 'deleted' | undefined;
  readonly sortBy?: 'created' | 'updated' | 'alias' | 'expires' | undefined;
  readonly descending?: boolean | undefined;
  readonly offset?: number | undefined;
  readonly limit?: number | undefined;
  /** In ms since 1970. */
  readonly nowMs: number;
}

/** A part of the records that a query finds. */
export interface RecordPage {
  readonly records: readonly StoredRecord[];
  /** Of all that the query finds. */
  readonly total: number;
}

/** The store of keys, teams and users. Every call fails with a {@link StoreError} if the store cannot be read or written. */
export interface KeyStore {
  /** The records whose revision is above `revision`, oldest change first, deleted ones included; fewer than `limit` are the last ones. */
  since(kind: RecordKind, revision: number, limit: number): Promise<readonly StoredRecord[]>;
  find(query: RecordQuery): Promise<RecordPage>;
  /** Writes all changes in one transaction, or none. */
  commit(changes: readonly RecordChange[]): Promise<Commit>;
  /** Sets the function that is called soon after another process has written. */
  onChange(listener: () => void): void;
  /** Sets the function that is told how long each call took, its wait for calls before it included. */
  onAnswer(listener: (call: string, tookMs: number) => void): void;
  /** Sets the function that is told why the store has ended without {@link KeyStore.close}. */
  onEnd(listener: (reason: string) => void): void;
  close(): Promise<void>;
}

/** All that a database of the gateway keeps. */
export interface GatewayStore extends KeyStore, UsageStore {}

/** A store that cannot be read or written: its disk is full, its file is damaged, another process holds it. */
export class StoreError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
