import type { TeamConfig } from '../../schema/gateway-config.ts';
import type { RecordKind, StoredRecord } from '../store/key-store.ts';
import type { ClientKey } from './client-key.ts';
import type { FileKeyHistory } from './file-key-history.ts';
import { KeyReader } from './stored-key.ts';

/**
 * The keys, teams and users of the store, in memory: no request waits for the store. 100,000 keys take about 90 MB with their names, and a
 * look-up takes less than a microsecond.
 */
export class StoredKeys {
  readonly #byHash = new Map<string, ClientKey>();
  readonly #byId = new Map<string, ClientKey>();
  /** Texts from before a rotation: the id of the key, and until when they work. */
  readonly #former = new Map<string, { readonly id: string; readonly untilMs: number }>();
  readonly #formerOf = new Map<string, readonly string[]>();
  readonly #teams = new Map<string, TeamConfig>();
  readonly #users = new Map<string, TeamConfig>();
  readonly #reader = new KeyReader();
  /** The keys that have stood in the operator's files, if they are remembered. */
  fileKeys: FileKeyHistory | undefined;

  /** Reads what another instance may just have changed; `undefined`: none may have. */
  lookAgain: () => Promise<void> | undefined = () => undefined;

  /** Number of keys. */
  get size(): number {
    return this.#byId.size;
  }

  /** The key of a hash, at a time in ms since 1970. */
  get(hash: string, nowMs: number): ClientKey | undefined {
    const key = this.#byHash.get(hash);
    if (key !== undefined || this.#former.size === 0) return key;
    const former = this.#former.get(hash);
    return former !== undefined && former.untilMs > nowMs ? this.#byId.get(former.id) : undefined;
  }

  /** The name of a key. */
  aliasOf(id: string): string | undefined {
    return this.#byId.get(id)?.alias;
  }

  team(id: string): TeamConfig | undefined {
    return this.#teams.get(id);
  }

  user(id: string): TeamConfig | undefined {
    return this.#users.get(id);
  }

  /** Takes what the store has of some records of a kind now. */
  apply(kind: RecordKind, records: readonly StoredRecord[]): void {
    for (const record of records) {
      if (kind === 'key') this.#applyKey(record);
      else {
        const known = kind === 'team' ? this.#teams : this.#users;
        if (record.deletedMs === undefined) known.set(record.id, this.#reader.teamOf(record));
        else known.delete(record.id);
      }
    }
  }

  #applyKey(record: StoredRecord): void {
    const { id, deletedMs, former = [] } = record;
    const before = this.#byId.get(id);
    // Another key may have got the text meanwhile.
    if (before !== undefined && this.#byHash.get(before.hash) === before) this.#byHash.delete(before.hash);
    for (const hash of this.#formerOf.get(id) ?? []) if (this.#former.get(hash)?.id === id) this.#former.delete(hash);
    this.#formerOf.delete(id);
    if (deletedMs !== undefined) {
      this.#byId.delete(id);
      return;
    }
    const key = this.#reader.keyOf(record);
    this.#byId.set(id, key);
    this.#byHash.set(key.hash, key);
    if (former.length === 0) return;
    for (const { hash, untilMs } of former) this.#former.set(hash, { id, untilMs });
    this.#formerOf.set(
      id,
      former.map(({ hash }) => hash),
    );
  }
}
