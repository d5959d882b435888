import { closeSync, constants, fdatasync, mkdirSync, openSync, rm, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errorMessage } from '../../core/error.ts';
import { randomId } from '../../core/id.ts';
import { takeLock, type ProcessLock } from '../store/process-lock.ts';
import { HeldLines } from './held-lines.ts';
import { isDone, syncFolder, type Segment } from './segment.ts';

/** Size of a segment. */
const SEGMENT_BYTES = 16 * 1024 * 1024;
/** Time from a line to its way to the disk, ms: with the time of that way it stays below a second. */
const SYNC_MS = 500;
/** Time between two attempts to write, while the disk takes nothing, ms. */
const RETRY_MS = 1000;
/** Lines that have waited are written in parts, and only so many in a turn, with pauses, ms. */
const MOST_PARTS = 20;
const PAUSE_MS = 20;

/** The parts of a journal that depend on its gateway. */
export interface JournalOptions {
  readonly folder: string;
  /** Most bytes of all journals in the folder. */
  readonly mostBytes: () => number;
  /** A write has failed after ones that did not, or one has succeeded after ones that failed (`undefined`). */
  readonly onState: (reason: string | undefined) => void;
  readonly segmentBytes?: number;
}

const syncData = promisify(fdatasync);

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
  /** Files that are written no more, until they are synced. */
  readonly #closing: number[] = [];
  #number = 0;
  readonly #held = new HeldLines();
  #isTorn = false;
  #failure: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> | undefined;
  #unsynced = false;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.folder = options.folder;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
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

  /** Bytes of all journals in the folder. */
  get bytes(): number {
    let sum = this.otherBytes;
    for (const { bytes } of this.segments) sum += bytes;
    return sum;
  }

  /** Rows that could not be kept. */
  get lostRows(): number {
    return this.#held.lostRows;
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

  /** Appends lines, without the end of the last one; the segment that they are in. `rows` of them are counted if they are lost. */
  write(lines: string, rows = 0): Segment | undefined {
    this.waitingSinceMs ??= performance.now();
    const text = `${lines}\n`;
    if (this.#failure === undefined)
      try {
        return this.#write(text);
      } catch (error) {
        this.#fail(errorMessage(error));
      }
    this.#held.add(text, rows);
    return this.segments.at(-1);
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

  /** Writes lines that wait, if there is room again. */
  retry(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (this.#failure === undefined) return;
    try {
      // An empty text finds out as well whether there is room.
      this.#write('');
      for (let part = 0; part < MOST_PARTS && !this.#held.isEmpty; part += 1)
        this.#held.take((text) => {
          this.#write(text);
        });
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

  /** Forgets and removes segments whose lines are all stored. */
  removeDone(): void {
    for (const segment of this.segments.filter(isDone)) {
      this.segments.splice(this.segments.indexOf(segment), 1);
      rm(segment.file, { force: true }, () => {});
    }
  }

  /** Ends the current segment, so that it can be removed. */
  rotate(): void {
    const current = this.segments.at(-1);
    if (current !== undefined) current.isClosed = true;
    if (this.#fd === undefined) return;
    this.#closing.push(this.#fd);
    this.#fd = undefined;
    this.#syncSoon();
  }

  /** Brings everything to the disk. Files with lines that are not stored stay for another process. */
  async close(): Promise<void> {
    this.retry();
    clearTimeout(this.#retry);
    const isStored = this.segments.every(({ bytes, stored, open: begun }) => stored >= bytes && begun === 0);
    this.rotate();
    await this.synced().catch(() => {});
    clearTimeout(this.#syncTimer);
    this.removeDone();
    if (isStored) this.#lock.remove();
    else this.#lock.release();
  }

  #write(text: string): Segment {
    let segment = this.segments.at(-1);
    if (this.#fd === undefined || segment === undefined || segment.bytes >= this.#segmentBytes) segment = this.#begin();
    if (this.bytes + text.length > this.#options.mostBytes()) throw new Error('hxllm.usage.journal_max_mib is reached');
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
    this.#syncSoon();
    return segment;
  }

  #syncSoon(): void {
    this.#unsynced = true;
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = undefined;
      this.synced().catch((error: unknown) => {
        this.#fail(errorMessage(error));
      });
    }, SYNC_MS).unref();
  }

  #begin(): Segment {
    this.rotate();
    this.#number += 1;
    const file = join(this.folder, `${this.name}.${String(this.#number).padStart(6, '0')}.jsonl`);
    this.#fd = openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND, 0o600);
    const segment: Segment = { file, bytes: 0, stored: 0, open: 0, isClosed: false };
    this.segments.push(segment);
    syncFolder(this.folder);
    return segment;
  }

  async #sync(): Promise<void> {
    this.#unsynced = false;
    const closing = this.#closing.splice(0);
    const fds = this.#fd === undefined ? closing : [...closing, this.#fd];
    try {
      await Promise.all(fds.map((fd) => syncData(fd)));
    } finally {
      for (const fd of closing) closeSync(fd);
    }
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
