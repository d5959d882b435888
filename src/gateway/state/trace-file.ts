import { createWriteStream, renameSync, statSync, type WriteStream } from 'node:fs';
import { errorMessage } from '../../core/error.ts';
import type { Log } from '../log.ts';

/** Size at which a trace ends, and bytes that may wait for the disk. */
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_WAITING_BYTES = 8 * 1024 * 1024;

/** Limits of a file, bytes. */
export interface TraceLimits {
  readonly mostBytes: number;
  readonly mostWaitingBytes: number;
}

/**
 * A file of lines that is written in the background. It ends with a line `{"end":…}`: at its size limit, behind a disk that is too slow,
 * or when the gateway stops; a gap would make the lines behind it useless. A failure costs one line of the log. A file of an earlier
 * start is kept as FILE.1.
 */
export class TraceFile {
  readonly #path: string;
  readonly #log: Log;
  readonly #limits: TraceLimits;
  readonly #stream: WriteStream | undefined;
  #gathered = '';
  #bytes = 0;
  #isOver = false;
  #hasFailed = false;

  constructor(path: string, log: Log, limits: Partial<TraceLimits> = {}) {
    this.#path = path;
    this.#log = log;
    this.#limits = { mostBytes: MOST_BYTES, mostWaitingBytes: MOST_WAITING_BYTES, ...limits };
    try {
      // A device or a pipe stays where it is.
      if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) renameSync(path, `${path}.1`);
      this.#stream = createWriteStream(path, { flags: 'w', mode: 0o600 });
      this.#stream.on('error', (error) => {
        this.#fail(error);
      });
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Whether further lines are dropped. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Appends a line, without its end. */
  write(line: string): void {
    if (this.#isOver) return;
    const waiting = (this.#stream?.writableLength ?? 0) + this.#gathered.length;
    if (this.#bytes + line.length > this.#limits.mostBytes) this.#end('size limit');
    else if (waiting + line.length > this.#limits.mostWaitingBytes) this.#end('slow disk');
    else this.#append(line);
  }

  /** Ends the file, and waits until it is written. */
  async close(): Promise<void> {
    if (!this.#isOver) this.#end('stopped');
    const stream = this.#stream;
    if (stream === undefined || stream.closed) return;
    await new Promise<void>((resolve) => {
      stream.once('close', resolve);
    });
  }

  #append(line: string): void {
    if (this.#gathered === '')
      setImmediate(() => {
        this.#flush();
      });
    this.#gathered += `${line}\n`;
    this.#bytes += line.length + 1;
  }

  #flush(): void {
    const text = this.#gathered;
    this.#gathered = '';
    if (text !== '' && this.#stream?.writable === true) this.#stream.write(text);
  }

  #end(reason: string): void {
    this.#append(JSON.stringify({ end: reason }));
    this.#isOver = true;
    this.#flush();
    this.#stream?.end();
    if (reason !== 'stopped') this.#log({ event: 'route-trace-ended', file: this.#path, reason, bytes: this.#bytes });
  }

  #fail(error: unknown): void {
    if (!this.#hasFailed) this.#log({ event: 'route-trace-failed', file: this.#path, reason: errorMessage(error) });
    this.#hasFailed = true;
    this.#isOver = true;
    this.#gathered = '';
    this.#stream?.destroy();
  }
}
