import { errorMessage } from '../../core/error.ts';
import type { KeyRecords } from '../key-records.ts';
import type { Log } from '../log.ts';
import {
  StoreError,
  type KeyStore,
  type RecordKind,
  type RecordPage,
  type RecordQuery,
  type StoredRecord,
} from '../store/key-store.ts';
import type { UsageStore } from '../store/usage-store.ts';
import { AdminError } from './admin-error.ts';
import { auditLine, type ChangeSource } from './audit.ts';
import type { PlannedChange } from './record-content.ts';

/** Attempts of a change while another instance changes the same records. */
const MOST_ATTEMPTS = 20;
/** Records of a page when all of them are needed. */
const PAGE = 1000;

/** A change that was thought out: the records, and the answer that belongs to them. */
export interface Plan<T> {
  readonly changes: readonly PlannedChange[];
  readonly result: T;
}

/** Reads and changes records for the calls of administration. */
export class AdminRecords {
  readonly #records: KeyRecords;
  readonly #log: Log;
  #last: Promise<unknown> = Promise.resolve();

  constructor(records: KeyRecords, log: Log) {
    this.#records = records;
    this.#log = log;
  }

  /** A database that does not exist yet has no records. */
  async find(query: RecordQuery): Promise<RecordPage> {
    const { store } = this.#records;
    return store === undefined ? { records: [], total: 0 } : this.#guarded(() => store.find(query));
  }

  /** Asks the store of usage; `none` is the answer of a database that does not exist yet. */
  async usage<T>(ask: (store: UsageStore) => Promise<T>, none: T): Promise<T> {
    const { store } = this.#records;
    return store === undefined ? none : this.#guarded(() => ask(store));
  }

  async one(query: RecordQuery): Promise<StoredRecord | undefined> {
    return (await this.find({ ...query, limit: 1 })).records[0];
  }

  /** All records of a query, however many. */
  async all(query: RecordQuery): Promise<readonly StoredRecord[]> {
    const found: StoredRecord[] = [];
    for (;;) {
      const { records } = await this.find({ ...query, offset: found.length, limit: PAGE });
      found.push(...records);
      if (records.length < PAGE) return found;
    }
  }

  /**
   * Thinks a change out and stores it. `plan` runs again if one of its records has changed meanwhile, here or in another instance. Behind it
   * the keys in memory are as stored. Changes of this instance wait for each other: many at once would only send each other back.
   */
  change<T>(source: ChangeSource, plan: () => Promise<Plan<T>>): Promise<T> {
    const changed = this.#last.then(() => this.#change(source, plan));
    this.#last = changed.catch(() => {});
    return changed;
  }

  async #change<T>(source: ChangeSource, plan: () => Promise<Plan<T>>): Promise<T> {
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const store = await this.#opened();
      const { changes, result } = await plan();
      if (changes.length === 0) return result;
      const commit = await this.#guarded(() =>
        store.commit(changes.map(({ before, after }) => ({ ...after, expected: before?.revision ?? 0 }))),
      );
      if (commit.ok) {
        for (const change of changes) this.#log(auditLine(source, change));
        await this.#guarded(() => this.#records.follow());
        for (const change of changes) source.onChange?.(change);
        return result;
      }
      if (commit.conflict !== 'changed') throw takenError(commit.conflict, kindOf(changes, commit.id));
    }
    throw new AdminError(409, 'Another instance changes the same records at the moment. Please try again.');
  }

  async #opened(): Promise<KeyStore> {
    const opened = await this.#records.open();
    if (opened.ok) return opened.value;
    const [{ code, summary, detail, fix }] = opened.problems;
    this.#log({ event: 'keys-not-written', code, reason: detail });
    throw new AdminError(code === 'state.no-folder' ? 501 : 503, `${summary}. ${detail} Fix: ${fix}`);
  }

  async #guarded<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#log({ event: 'keys-not-written', code: error.code, reason: errorMessage(error) });
      const file = this.#records.file ?? '';
      throw new AdminError(503, `The store of keys (${file}) cannot be used now: ${error.message}.`);
    }
  }
}

function kindOf(changes: readonly PlannedChange[], id: string): RecordKind {
  return changes.find(({ after }) => after.id === id)?.after.kind ?? 'key';
}

function takenError(conflict: 'alias' | 'hash', kind: RecordKind): AdminError {
  if (conflict === 'hash')
    return new AdminError(400, 'Expected the text of a new key, found that of another one.', 'key');
  return new AdminError(400, `Expected a ${kind}_alias of its own, found that of another ${kind}.`, `${kind}_alias`);
}
