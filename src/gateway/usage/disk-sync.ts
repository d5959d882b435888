import { closeSync, fdatasync } from 'node:fs';
import { promisify } from 'node:util';

/** Time from a line to its way to the disk, ms: with the time of that way it stays below a second. */
const SYNC_MS = 500;

const syncData = promisify(fdatasync);

/** Brings files to the disk, off this thread: soon, or when an answer waits for it. */
export class DiskSync {
  readonly #current: () => number | undefined;
  readonly #onFailure: (error: unknown) => void;
  /** Files that are written no more, until they are synced. */
  readonly #closing: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> | undefined;
  #unsynced = false;

  /** `current`: the file that is written to. `onFailure`: a sync that nobody waits for has failed. */
  constructor(current: () => number | undefined, onFailure: (error: unknown) => void) {
    this.#current = current;
    this.#onFailure = onFailure;
  }

  /** Lines have been written. */
  soon(): void {
    this.#unsynced = true;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.synced().catch(this.#onFailure);
    }, SYNC_MS).unref();
  }

  /** Syncs a file that is written no more, and closes it. */
  close(fd: number): void {
    this.#closing.push(fd);
    this.soon();
  }

  /** Resolves when all lines so far are on the disk; those of callers that wait meanwhile share the next sync. */
  async synced(): Promise<void> {
    // A sync that runs may have begun before the last line.
    if (this.#syncing !== undefined) await this.#syncing;
    if (!this.#unsynced) return;
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = undefined;
    });
    await this.#syncing;
  }

  /** Brings everything to the disk, for the last time. */
  async end(): Promise<void> {
    await this.synced().catch(() => {});
    clearTimeout(this.#timer);
  }

  async #sync(): Promise<void> {
    this.#unsynced = false;
    const closing = this.#closing.splice(0);
    const fd = this.#current();
    try {
      await Promise.all([...closing, ...(fd === undefined ? [] : [fd])].map((one) => syncData(one)));
    } finally {
      for (const one of closing) closeSync(one);
    }
  }
}
