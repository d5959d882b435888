import { errorMessage } from '../../core/error.ts';
import type { KeyStore, RecordKind, StoredRecord } from '../store/key-store.ts';
import type { StoredKeys } from './stored-keys.ts';

/** Records that are read and used in one turn of the event loop. */
const AT_ONCE = 500;
const KINDS: readonly RecordKind[] = ['team', 'user', 'key'];

/** Keeps the keys in memory as the store has them: after each change of this process, and soon after one of another. */
export class KeyFollower {
  readonly #store: KeyStore;
  readonly #keys: StoredKeys;
  readonly #onError: (reason: string) => void;
  readonly #revisions = new Map<RecordKind, number>();
  #last: Promise<void> = Promise.resolve();
  #isWaiting = false;

  /** `onError` takes why a change of another process could not be read. */
  constructor(store: KeyStore, keys: StoredKeys, onError: (reason: string) => void) {
    this.#store = store;
    this.#keys = keys;
    this.#onError = onError;
    store.onChange(() => {
      this.follow().catch((error: unknown) => {
        this.#onError(errorMessage(error));
      });
    });
  }

  /** Reads what has changed. Everything that was stored before the call is in memory behind it. */
  follow(): Promise<void> {
    // A reading that has not begun yet covers this one.
    if (this.#isWaiting) return this.#last;
    this.#isWaiting = true;
    this.#last = this.#last
      .catch(() => {})
      .then(() => {
        this.#isWaiting = false;
        return this.#read();
      });
    return this.#last;
  }

  async #read(): Promise<void> {
    for (const kind of KINDS) {
      let page: Promise<readonly StoredRecord[]> | undefined = this.#page(kind);
      while (page !== undefined) {
        const records: readonly StoredRecord[] = await page;
        const last = records.at(-1);
        if (last !== undefined) this.#revisions.set(kind, last.revision);
        // The store reads the next page while this one is used.
        page = records.length < AT_ONCE ? undefined : this.#page(kind);
        this.#keys.apply(kind, records);
      }
    }
  }

  #page(kind: RecordKind): Promise<readonly StoredRecord[]> {
    return this.#store.since(kind, this.#revisions.get(kind) ?? 0, AT_ONCE);
  }
}
