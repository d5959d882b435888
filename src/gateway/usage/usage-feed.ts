import { existsSync } from 'node:fs';
import { errorMessage } from '../../core/error.ts';
import type { Log } from '../log.ts';
import type { SpentAmount, UsageStore } from '../store/usage-store.ts';
import type { Segment } from './segment.ts';
import type { UsageRecorder } from './usage-recorder.ts';

/** Time between two looks at the journal, ms. */
const FEED_MS = 1000;
/** Between two looks for journals of other processes. */
const RECOVER_MS = 15_000;
const PRUNE_MS = 600_000;
/** Between two steps of removal, so that other calls of the store come in between. */
const PRUNE_STEP_MS = 20;
/** Longest wait of a stop for room for rows that are in memory, and between two attempts, ms. */
const ROOM_MS = 10_000;
const ROOM_PAUSE_MS = 100;
/** A segment with less is not ended for its age alone. */
const SMALL_BYTES = 1024 * 1024;

/** The surroundings of a feed. */
export interface FeedOptions {
  readonly recorder: UsageRecorder;
  readonly folder: string;
  /** The store, which is opened if it is not. Throws if it cannot be used. */
  readonly store: () => Promise<UsageStore>;
  readonly log: Log;
  /** Takes what other processes have spent of budgets. */
  readonly onSpent?: (amounts: readonly SpentAmount[]) => void;
  /** The time since 1970, which may jump, and that of a clock that never goes back, ms. */
  readonly now?: () => number;
  readonly steadyNow?: () => number;
}

/** Brings the journals into the store: that of this process, and those that other processes have left. */
export class UsageFeed {
  /** Rows that this process has stored, that were known, and lines that could not be read. */
  readonly counts = { stored: 0, known: 0, lost: 0, damaged: 0 };
  readonly #options: FeedOptions;
  readonly #now: () => number;
  readonly #steadyNow: () => number;
  readonly #timer: NodeJS.Timeout;
  #pass: Promise<void> = Promise.resolve();
  #isRunning = false;
  #recoveredMs = -Infinity;
  #prunedMs = -Infinity;
  #failure = '';
  #unreadable: ReadonlySet<string> = new Set();
  #spentRevision = 0;
  readonly #ready = Promise.withResolvers<undefined>();
  #isClosed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => Date.now());
    this.#steadyNow = options.steadyNow ?? (() => performance.now());
    this.#timer = setInterval(() => {
      void this.run();
    }, FEED_MS);
    this.#timer.unref();
  }

  /** Stores everything that is in the journals now. Never fails: the rest stays in the journal. */
  run(): Promise<void> {
    if (this.#isRunning) return this.#pass;
    this.#isRunning = true;
    this.#pass = this.#guarded().finally(() => {
      this.#isRunning = false;
    });
    return this.#pass;
  }

  /** Resolves when it has what processes before this one have spent, or cannot get it. */
  get ready(): Promise<undefined> {
    return this.#ready.promise;
  }

  /** Why the store cannot be used; empty if it can. */
  get failure(): string {
    return this.#failure;
  }

  /** Stores what it can. Rows in memory wait a while for room, but not behind `atOnce`; rows that found none are told. */
  async close(atOnce?: AbortSignal): Promise<void> {
    clearInterval(this.#timer);
    this.#isClosed = true;
    const { recorder, folder, log } = this.#options;
    const { journal } = recorder;
    recorder.flush();
    recorder.writeRefused(this.#now());
    await this.#pass;
    if (journal.hasUnstored) await this.run();
    journal.retry();
    if (journal.heldRows > 0) await this.#waitForRoom(atOnce);
    const lost = journal.lostRows;
    await journal.close(await this.#isSynced());
    if (journal.lostRows > lost) log({ event: 'usage-lost', folder, rows: journal.lostRows - lost });
  }

  /** Brings what is stored to the disk, for the last time; whether it is there. */
  async #isSynced(): Promise<boolean> {
    const { recorder, store } = this.#options;
    try {
      if (recorder.journal.segments.some(({ stored }) => stored > 0)) await (await store()).syncUsage();
      return true;
    } catch {
      // The journal stays, and its rows are known when it is read again.
      return false;
    }
  }

  async #waitForRoom(atOnce: AbortSignal | undefined): Promise<void> {
    const { recorder, folder, log } = this.#options;
    const { journal } = recorder;
    const isOver = (): boolean => atOnce?.aborted === true;
    if (isOver()) return;
    const endMs = performance.now() + ROOM_MS;
    log({ event: 'usage-waiting', folder, rows: journal.heldRows, reason: journal.failure, limit_s: ROOM_MS / 1000 });
    while (journal.heldRows > 0 && performance.now() < endMs && !isOver()) {
      await new Promise((resolve) => setTimeout(resolve, ROOM_PAUSE_MS));
      // Stored rows make room, too.
      await this.run();
    }
    if (journal.hasUnstored && !isOver()) await this.run();
  }

  async #guarded(): Promise<void> {
    const { recorder, log, folder } = this.#options;
    const [nowMs, steadyMs] = [this.#now(), this.#steadyNow()];
    recorder.flush();
    try {
      if (!this.#isClosed) recorder.writeRefused(nowMs);
      if (recorder.journal.hasUnstored) await this.#feed(await this.#options.store());
      if (!this.#isClosed && steadyMs - this.#recoveredMs >= RECOVER_MS) await this.#recover(steadyMs);
      if (!this.#isClosed) await this.readSpent();
      if (!this.#isClosed && steadyMs - this.#prunedMs >= PRUNE_MS) await this.#prune(nowMs, steadyMs);
      if (this.#failure !== '') log({ event: 'usage-stored-again', folder });
      this.#failure = '';
    } catch (error) {
      const reason = errorMessage(error);
      if (this.#failure === '') log({ event: 'usage-not-stored', folder, reason });
      this.#failure = reason;
    }
    this.#ready.resolve(undefined);
    recorder.journal.retry();
    recorder.tellFill();
  }

  /** Reads what other processes have spent of budgets since the last time. */
  async readSpent(): Promise<void> {
    const { recorder, store, onSpent } = this.#options;
    const { amounts, revision } = await (await store()).spentSince(this.#spentRevision, recorder.journal.name);
    this.#spentRevision = revision;
    onSpent?.(amounts);
    this.#ready.resolve(undefined);
  }

  async #feed(store: UsageStore): Promise<void> {
    const { journal } = this.#options.recorder;
    const beganMs = performance.now();
    let isWhole = true;
    for (const segment of journal.segments) {
      const { bytes } = segment;
      while (segment.stored < bytes) {
        const { next, added, known, damaged } = await store.appendUsage(segment.file, segment.stored);
        this.counts.stored += added;
        this.counts.known += known;
        this.counts.damaged += damaged;
        if (next === segment.stored) {
          if (!existsSync(segment.file)) this.#forget(segment);
          break;
        }
        segment.stored = next;
      }
      isWhole &&= segment.stored >= bytes;
      // Otherwise the rows of a day would be read again after a crash.
      const isLong = segment.bytes >= SMALL_BYTES && segment.open === 0;
      if (segment === journal.segments.at(-1) && (isLong || (journal.isFull && segment.bytes > 0))) journal.rotate();
    }
    const { done } = journal;
    if (done.length > 0) {
      // A power cut undoes the last commits of rows: their journal stays until they are on the disk.
      await store.syncUsage();
      await journal.remove(done);
    }
    // A line that the disk has cut, and those that wait behind it, are as old as they were; lines in memory are, too.
    if (isWhole && !journal.isFull) journal.storedUpTo(beganMs);
  }

  /** A person has removed a file: its lines are gone, and the next ones need another one. */
  #forget(segment: Segment): void {
    const { recorder, log } = this.#options;
    const { file, bytes, stored } = segment;
    log({ event: 'usage-removed', file, bytes: bytes - stored });
    recorder.journal.forget(segment);
  }

  async #recover(steadyMs: number): Promise<void> {
    const { folder, recorder, log } = this.#options;
    const { journal } = recorder;
    const store = await this.#options.store();
    let [added, lost] = [0, 0];
    const unreadable = new Set<string>();
    for (let isMore = true; isMore && !this.#isClosed;) {
      const part = await store.recoverUsage(folder, journal.name);
      added += part.added;
      lost += part.lost;
      this.counts.damaged += part.damaged;
      if (part.unreadable !== undefined) unreadable.add(part.unreadable);
      journal.otherBytes = part.otherBytes;
      isMore = part.more;
    }
    this.counts.stored += added + lost;
    this.counts.lost += lost;
    this.#recoveredMs = steadyMs;
    for (const reason of unreadable)
      if (!this.#unreadable.has(reason)) log({ event: 'usage-not-recovered', folder, reason });
    this.#unreadable = unreadable;
    if (added + lost > 0) log({ event: 'usage-recovered', folder, rows: added, lost });
  }

  async #prune(nowMs: number, steadyMs: number): Promise<void> {
    const store = await this.#options.store();
    while (!this.#isClosed && (await store.pruneUsage(nowMs)))
      // A stop waits for this pause: a timer that keeps no process would end it in the middle of its stop.
      await new Promise((resolve) => setTimeout(resolve, PRUNE_STEP_MS));
    this.#prunedMs = steadyMs;
  }
}
