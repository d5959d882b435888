import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { errorMessage } from '../../core/error.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { StoreError, type Commit, type GatewayStore, type RecordPage, type StoredRecord } from './key-store.ts';
import type {
  RecoveredPart,
  SpentPage,
  SpentReset,
  StoredPart,
  StoredUsage,
  SumQuery,
  ToldNotice,
  UsageFilter,
  UsageQuery,
} from './usage-store.ts';
import { startStoreThread, type StoreCall, type StoreMessage } from './store-thread.ts';

/** A call whose answer has not come. */
interface PendingCall {
  readonly call: StoreCall['call'];
  readonly sinceMs: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: StoreError) => void;
}

/**
 * Opens the store of a file of SQLite, which is made if it does not exist. A thread of its own reads and writes: the event loop never waits
 * for the disk or for another process.
 */
export async function openSqliteStore(file: string): Promise<Result<GatewayStore>> {
  const thread = startStoreThread(file);
  try {
    const [message] = (await once(thread, 'message')) as [StoreMessage];
    const [problem, ...more] = 'opened' in message ? message.opened : [];
    if (problem === undefined) return ok(new SqliteStore(thread));
    await thread.terminate();
    return fail(problem, ...more);
  } catch (error) {
    return fail({
      code: 'state.not-writable',
      summary: 'the database of keys cannot be opened',
      detail: `Expected a thread that opens ${file}, found: ${errorMessage(error)}.`,
      fix: `ls -l ${file}*`,
      where: { file },
    });
  }
}

class SqliteStore implements GatewayStore {
  readonly #thread: Worker;
  readonly #pending = new Map<number, PendingCall>();
  #lastId = 0;
  #end: StoreError | undefined;
  #isClosing = false;
  #changed: () => void = () => {};
  #ended: (reason: string) => void = () => {};
  #answered: (call: string, tookMs: number) => void = () => {};

  constructor(thread: Worker) {
    this.#thread = thread;
    thread.on('message', (message: StoreMessage) => {
      this.#receive(message);
    });
    thread.on('error', (error) => {
      this.#fail(new StoreError('store.thread', errorMessage(error)));
    });
    thread.on('exit', () => {
      this.#fail(new StoreError('store.closed', 'the store is closed'));
    });
    // A stop closes the store; nothing else waits for it.
    thread.unref();
  }

  since(kind: StoredRecord['kind'], revision: number, limit: number): Promise<readonly StoredRecord[]> {
    return this.#call({ call: 'since', kind, revision, limit });
  }

  find(query: Parameters<GatewayStore['find']>[0]): Promise<RecordPage> {
    return this.#call({ call: 'find', query });
  }

  commit(changes: Parameters<GatewayStore['commit']>[0]): Promise<Commit> {
    return this.#call({ call: 'commit', changes });
  }

  appendUsage(file: string, from: number): Promise<StoredPart> {
    return this.#call({ call: 'append-usage', file, from });
  }

  syncUsage(): Promise<undefined> {
    return this.#call({ call: 'sync-usage' });
  }

  recoverUsage(folder: string, own: string): Promise<RecoveredPart> {
    return this.#call({ call: 'recover-usage', folder, own });
  }

  pruneUsage(nowMs: number): Promise<boolean> {
    return this.#call({ call: 'prune-usage', nowMs });
  }

  sumUsage(query: SumQuery): Promise<Uint8Array<ArrayBuffer>> {
    return this.#call({ call: 'sum-usage', query });
  }

  costBefore(toMs: number): Promise<number> {
    return this.#call({ call: 'cost-before', toMs });
  }

  costsOfDay(filter: UsageFilter, dayMs: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#call({ call: 'costs-of-day', filter, dayMs });
  }

  spentSince(revision: number, own: string): Promise<SpentPage> {
    return this.#call({ call: 'spent-since', revision, own });
  }

  resetSpent(owner: string, startMs: number, to: SpentReset): Promise<undefined> {
    return this.#call({ call: 'reset-spent', owner, startMs, to });
  }

  tellBudget(notice: ToldNotice): Promise<boolean> {
    return this.#call({ call: 'tell-budget', notice });
  }

  findUsage(query: UsageQuery): Promise<readonly StoredUsage[]> {
    return this.#call({ call: 'find-usage', query });
  }

  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  onAnswer(listener: (call: string, tookMs: number) => void): void {
    this.#answered = listener;
  }

  onEnd(listener: (reason: string) => void): void {
    this.#ended = listener;
  }

  async close(): Promise<void> {
    if (this.#end !== undefined) return;
    this.#isClosing = true;
    await this.#call({ call: 'close' }).catch(() => undefined);
    await this.#thread.terminate();
  }

  // The thread answers each call with the value of that call.
  #call<T>(call: StoreCall): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#end !== undefined) {
        reject(this.#end);
        return;
      }
      this.#lastId += 1;
      this.#pending.set(this.#lastId, {
        call: call.call,
        sinceMs: performance.now(),
        resolve: resolve as PendingCall['resolve'],
        reject,
      });
      // An answer keeps the process until it is there, as a timer would.
      this.#thread.ref();
      this.#thread.postMessage({ id: this.#lastId, call });
    });
  }

  #receive(message: StoreMessage): void {
    if ('changed' in message) this.#changed();
    if (!('id' in message)) return;
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (this.#pending.size === 0) this.#thread.unref();
    if (pending !== undefined) this.#answered(pending.call, performance.now() - pending.sinceMs);
    if ('value' in message) pending?.resolve(message.value);
    else pending?.reject(new StoreError(message.code, message.message));
  }

  #fail(error: StoreError): void {
    const isFirst = this.#end === undefined;
    this.#end ??= error;
    if (isFirst && !this.#isClosing) this.#ended(error.message);
    for (const { reject } of this.#pending.values()) reject(this.#end);
    this.#pending.clear();
  }
}
