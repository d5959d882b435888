import { stat } from 'node:fs/promises';
import type { Problem } from '../../core/problem.ts';
import { readTlsFiles, type TlsIdentity } from './tls-files.ts';
import type { TlsFiles } from '../../schema/gateway-config.ts';

/** The events of a watch: a new pair, or one that cannot be used. */
export interface TlsWatchListener {
  readonly onRenewed: (identity: TlsIdentity) => void;
  readonly onRefused: (problem: Problem) => void;
}

/**
 * Looks whether the certificate or its key was renewed, and reads them then. By the files' numbers instead of inotify: a renewal replaces
 * links, folders or mounts as it likes. A pair that does not fit, as between the writing of its two files, is told once and read again
 * when one of them changes.
 */
export class TlsWatch {
  readonly #listener: TlsWatchListener;
  readonly #timer: NodeJS.Timeout;
  #files: TlsFiles;
  #seen: string | undefined;
  #looking: Promise<void> | undefined;

  /** `lookMs`: time between two looks. */
  constructor(files: TlsFiles, listener: TlsWatchListener, lookMs: number) {
    this.#files = files;
    this.#listener = listener;
    this.#looking = this.#note();
    this.#timer = setInterval(() => void this.look(), lookMs);
    this.#timer.unref();
  }

  /** The files that are watched from now on, as they are now. */
  async watch(files: TlsFiles): Promise<void> {
    await this.#looking;
    this.#files = files;
    await this.#note();
  }

  /** Looks once; a call while it looks is the same look. */
  async look(): Promise<void> {
    this.#looking ??= this.#look();
    await this.#looking;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #note(): Promise<void> {
    this.#seen = await stateOf(this.#files);
    this.#looking = undefined;
  }

  async #look(): Promise<void> {
    const files = this.#files;
    const state = await stateOf(files);
    if (state !== this.#seen) {
      this.#seen = state;
      const read = await readTlsFiles(files);
      // Files that change while they are read are read again at the next look.
      if (read.ok) this.#listener.onRenewed(read.value);
      else this.#listener.onRefused(read.problems[0]);
    }
    this.#looking = undefined;
  }
}

async function stateOf({ certFile, keyFile }: TlsFiles): Promise<string> {
  const states = await Promise.all(
    [certFile, keyFile].map(async (file) =>
      stat(file).then(
        ({ ino, size, mtimeMs, ctimeMs }) => [ino, size, mtimeMs, ctimeMs].join(':'),
        () => 'none',
      ),
    ),
  );
  return states.join(' ');
}
