import { existsSync, rmSync, statSync, truncateSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** A lock that the kernel releases with its process. */
export interface ProcessLock {
  /** Releases it, and removes its files. */
  remove(): void;
  /** Releases it; its files stay, so that another process knows of it. */
  release(): void;
}

/**
 * Takes the lock of a file, which is made if it does not exist; `undefined` if another process, or this one, has it. It is a lock of SQLite:
 * Node has none of its own, and a number of a process says nothing in another namespace.
 */
export function takeLock(file: string): ProcessLock | undefined {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    // It is empty. A power cut may have left other bytes, which SQLite would refuse for ever.
    if (statSync(file).size > 0) truncateSync(file);
    database.exec('BEGIN EXCLUSIVE');
    // Another process may have removed it since it was opened: then this is the lock of a file without a name.
    if (!existsSync(file)) throw new Error('removed');
  } catch {
    database.close();
    return undefined;
  }
  const close = (): void => {
    if (database.isOpen) database.close();
  };
  return {
    remove: () => {
      for (const name of [file, `${file}-journal`]) rmSync(name, { force: true });
      close();
    },
    release: close,
  };
}
