import { readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, errorMessage } from '../../core/error.ts';
import type { Log } from '../log.ts';

/** A JSON document in the state folder. Requests never wait for it: a failure costs one line of the log, and the memory. */
export class StateFile {
  readonly #folder: string | undefined;
  readonly #path: string;
  readonly #log: Log;
  #waiting: object | undefined;
  #writing: Promise<void> | undefined;

  /** Without a `folder` nothing is kept. */
  constructor(folder: string | undefined, name: string, log: Log) {
    this.#folder = folder;
    this.#path = join(folder ?? '', name);
    this.#log = log;
  }

  /** Reads the document at a start. A missing or damaged one is a cold start, with one line of the log; `read` returns `undefined` for a damaged one. */
  load<T>(read: (document: unknown) => T | undefined): T | undefined {
    if (this.#folder === undefined) return undefined;
    try {
      const found = read(JSON.parse(readFileSync(this.#path, 'utf8')));
      if (found !== undefined) return found;
      this.#cold('damaged', 'expected the document that the gateway writes');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') this.#cold('missing', undefined);
      else if (error instanceof SyntaxError) this.#cold('damaged', error.message);
      else this.#cold('unreadable', errorMessage(error));
    }
    return undefined;
  }

  /** Replaces the document in a while, at once or not at all. Of several that wait the last is written. */
  save(document: object): void {
    if (this.#folder === undefined) return;
    this.#waiting = document;
    this.#writing ??= this.#write(this.#folder);
  }

  /** Waits until everything is written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #write(folder: string): Promise<void> {
    for (let document = this.#waiting; document !== undefined; document = this.#waiting) {
      this.#waiting = undefined;
      const fresh = `${this.#path}.new`;
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(fresh, `${JSON.stringify(document, undefined, 2)}\n`, { mode: 0o600, flush: true });
        await rename(fresh, this.#path);
      } catch (error) {
        this.#log({ event: 'state-not-written', file: this.#path, reason: errorMessage(error) });
        await rm(fresh, { force: true }).catch(() => undefined);
      }
    }
    this.#writing = undefined;
  }

  #cold(found: string, reason: string | undefined): void {
    this.#log({ event: 'cold-start', file: this.#path, found, reason });
  }
}
