import type { FileChange } from '../../config/edit/file-change.ts';
import { shownPath } from '../../config/shown-path.ts';

const FILE_MODE = 0o644;
const SECRET_MODE = 0o600;

/** The files with all changes of this run, one on top of the other. Nothing is written to disk. */
export class Drafts {
  readonly #read: (path: string) => Promise<string | undefined>;
  readonly #cwd: string | undefined;
  readonly #drafts = new Map<string, FileChange>();

  constructor(read: (path: string) => Promise<string | undefined>, cwd: string | undefined) {
    this.#read = read;
    this.#cwd = cwd;
  }

  shown(path: string): string {
    return this.#cwd === undefined ? path : shownPath(path, this.#cwd);
  }

  /** The text with the changes until now; `undefined` if there is no such file. */
  async text(path: string): Promise<string | undefined> {
    const draft = this.#drafts.get(path);
    return draft === undefined ? this.#read(path) : draft.after;
  }

  async write(path: string, after: string): Promise<void> {
    await this.#put(path, after, { mode: FILE_MODE, secret: false });
  }

  /** Drafts a file that hxllm writes as a whole. */
  async writeGenerated(path: string, after: string): Promise<void> {
    await this.#put(path, after, { mode: FILE_MODE, secret: false, generated: true });
  }

  async writeSecret(path: string, after: string): Promise<void> {
    await this.#put(path, after, { mode: SECRET_MODE, secret: true });
  }

  /** The files whose draft differs from the disk. */
  edits(): readonly FileChange[] {
    return [...this.#drafts.values()].filter((draft) => draft.before !== draft.after);
  }

  async #put(path: string, after: string, how: Pick<FileChange, 'mode' | 'secret' | 'generated'>): Promise<void> {
    const known = this.#drafts.get(path);
    this.#drafts.set(path, {
      path,
      before: known === undefined ? await this.#read(path) : known.before,
      after,
      ...how,
    });
  }
}
