import { constants, mkdirSync, openSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../../core/error.ts';
import { randomId } from '../../core/id.ts';
import { takeLock, type ProcessLock } from '../store/process-lock.ts';
import { DiskSync } from './disk-sync.ts';
import { HeldLines } from './held-lines.ts';
import { isDone, syncFolder, type Segment } from './segment.ts';

/** Size of a segment, of which a small journal has this many, so that its room comes free in parts. */
const SEGMENT_BYTES = 16 * 1024 * 1024;
const LEAST_SEGMENTS = 8;
/** Time between two attempts to write, while the disk takes nothing, ms. */
const RETRY_MS = 1000;
/** Lines that have waited are written in parts, and only so many in a turn, with pauses, ms. */
const MOST_PARTS = 20;
const PAUSE_MS = 20;

/** The parts of a journal that depend on its gateway. */
export interface JournalOptions {
  readonly folder: string;
  /** Most bytes that wait for the store, in all journals in the folder. */
  readonly mostBytes: () => number;
  /** A write has failed after ones that did not, or one has succeeded after ones that failed (`undefined`). */
  readonly onState: (reason: string | undefined) => void;
  readonly segmentBytes?: number;
}

/**
 * The journal of one process: lines, handed to the kernel when they are written, so that the end of the process loses none, and brought to
 * the disk soon, off this thread. While the disk takes none, or there are too many, lines wait in memory; when that is full, they are lost
 * and counted.
 */
export class Journal {
  readonly name: string;
  readonly folder: string;
  readonly segments: Segment[] = [];
  /** Bytes of journals of other processes. */
  otherBytes = 0;
  /** When the oldest line that is not stored was written, by `performance.now()`; `undefined`: all are stored. */
  waitingSinceMs: number | undefined;
  readonly #options: JournalOptions;
  readonly #lock: ProcessLock;
  readonly #segmentBytes: number;
  #fd: number | undefined;
  #number = 0;
  readonly #held = new HeldLines();
  #isTorn = false;
  #failure: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  readonly #sync: DiskSync;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.folder = options.folder;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#sync = new DiskSync(
      () => this.#fd,
      (error) => {
        this.#fail(errorMessage(error));
      },
    );
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    let taken: ProcessLock | undefined;
    let name = '';
    // Another process may take a lock for one that was left, before it is taken here.
    for (let attempt = 0; taken === undefined && attempt < 10; attempt += 1) {
      name = `${Date.now().toString(36)}-${randomId().slice(0, 8)}`;
      taken = takeLock(join(options.folder, `${name}.lock`));
    }
    if (taken === undefined) throw new Error(`no lock can be taken in ${options.folder}`);
    this.name = name;
    this.#lock = taken;
  }

  /** Bytes that wait for the store, of all journals in the folder. A segment stays longer than those, until its requests have ended. */
  get bytes(): number {
    let sum = this.otherBytes;
    for (const { bytes, stored } of this.segments) sum += bytes - stored;
    return sum;
  }

  /** Rows that could not be kept. */
  get lostRows(): number {
    return this.#held.lostRows;
  }

  /** Rows that wait in memory. */
  get heldRows(): number {
    return this.#held.rows;
  }

  get isFull(): boolean {
    return this.#failure !== undefined;
  }

  get failure(): string | undefined {
    return this.#failure;
  }

  /** Lines are in the files that are not stored. */
  get hasUnstored(): boolean {
    return this.segments.some(({ bytes, stored }) => stored < bytes);
  }

  /** All lines that had been written at a time are stored. */
  storedUpTo(nowMs: number): void {
    this.waitingSinceMs = this.hasUnstored || !this.#held.isEmpty ? nowMs : undefined;
  }

  /**
   * Appends lines, without the end of the last one. `rows` of them are counted if they are lost. `settle` is called when they are written, with
   * the segment that they are in, or when they are lost.
   */
  write(lines: string, rows = 0, settle: (segment: Segment | undefined) => void = () => {}): void {
    this.waitingSinceMs ??= performance.now();
    const text = `${lines}\n`;
    let segment: Segment | undefined;
    if (this.#failure === undefined)
      try {
        segment = this.#write(text);
      } catch (error) {
        this.#fail(errorMessage(error));
      }
    if (segment === undefined) this.#held.add({ text, rows, settle });
    else settle(segment);
  }

  /** Resolves when all lines so far are on the disk. */
  synced(): Promise<void> {
    return this.#sync.synced();
  }

  /** Writes lines that wait, if there is room again. */
  retry(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (this.#failure === undefined) return;
    try {
      // An empty text finds out as well whether there is room.
      this.#write('');
      for (let part = 0; part < MOST_PARTS && !this.#held.isEmpty; part += 1)
        this.#held.take((text) => this.#write(text));
    } catch (error) {
      this.#fail(errorMessage(error));
      return;
    }
    if (!this.#held.isEmpty) {
      this.#retryIn(PAUSE_MS);
      return;
    }
    this.#failure = undefined;
    this.#options.onState(undefined);
  }

  /** Segments that nothing but the store's way to the disk is needed for. */
  get done(): readonly Segment[] {
    return this.segments.filter(isDone);
  }

  /** Forgets and removes segments whose rows are on the disk in the store. A file that cannot be removed is read again by another process. */
  async remove(done: readonly Segment[]): Promise<void> {
    for (const segment of done) this.segments.splice(this.segments.indexOf(segment), 1);
    await Promise.allSettled(done.map(({ file }) => rm(file, { force: true })));
  }

  /** Ends the current segment, so that it can be removed; not in the middle of a line, whose end belongs there. */
  rotate(): void {
    if (!this.#isTorn) this.#endSegment();
  }

  /** The file of a segment is gone. */
  forget(segment: Segment): void {
    segment.stored = segment.bytes;
    if (segment !== this.segments.at(-1)) return;
    this.#isTorn = false;
    this.#endSegment();
  }

  /** Brings all to the disk. Files with lines that are not stored, or whose requests have no row, stay for another process; all do if the store is not `isSynced`. */
  async close(isSynced: boolean): Promise<void> {
    this.retry();
    clearTimeout(this.#retry);
    this.#held.giveUp();
    this.#endSegment();
    await this.#sync.end();
    if (isSynced) await this.remove(this.done);
    if (this.segments.length === 0) this.#lock.remove();
    else this.#lock.release();
  }

  #write(text: string): Segment {
    let segment = this.segments.at(-1);
    const mostBytes = this.#options.mostBytes();
    const isLong = (segment?.bytes ?? 0) >= Math.min(this.#segmentBytes, mostBytes / LEAST_SEGMENTS) && !this.#isTorn;
    if (this.#fd === undefined || segment === undefined || isLong) segment = this.#begin();
    if (this.bytes + text.length > mostBytes) throw new Error('hxllm.usage.journal_max_mib is reached');
    // The end of a line that a full disk cut, so that the next one is whole.
    const whole = this.#isTorn ? `\n${text}` : text;
    const length = Buffer.byteLength(whole);
    const written = this.#fd === undefined ? 0 : writeSync(this.#fd, whole);
    segment.bytes += written;
    if (written < length) {
      this.#isTorn ||= written > 0;
      throw new Error('the disk is full');
    }
    this.#isTorn = false;
    this.#sync.soon();
    return segment;
  }

  #endSegment(): void {
    const current = this.segments.at(-1);
    if (current !== undefined) current.isClosed = true;
    if (this.#fd === undefined) return;
    this.#sync.close(this.#fd);
    this.#fd = undefined;
  }

  #begin(): Segment {
    this.#endSegment();
    // A person may have removed it.
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.#number += 1;
    const file = join(this.folder, `${this.name}.${String(this.#number).padStart(6, '0')}.jsonl`);
    this.#fd = openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND, 0o600);
    const segment: Segment = { file, bytes: 0, stored: 0, open: 0, isClosed: false };
    this.segments.push(segment);
    syncFolder(this.folder);
    return segment;
  }

  #fail(reason: string): void {
    const isNew = this.#failure === undefined;
    this.#failure = reason;
    this.#retryIn(RETRY_MS);
    if (isNew) this.#options.onState(reason);
  }

  #retryIn(ms: number): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.retry();
    }, ms).unref();
  }
}
