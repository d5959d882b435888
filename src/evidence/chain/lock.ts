import { closeSync, constants, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { errorMessage } from '../../core/error.ts';

/** The file in the evidence folder that is locked while a run joins the chain. It stays empty. */
export const CHAIN_LOCK = '.chain.lock';

const FILE_MODE = 0o600;
/** https://www.sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;
const PATIENCE_MS = 10_000;

/**
 * Does the work while no other process has the chain of this folder. Throws if another one has it for 10 s. The lock is SQLite's lock of an
 * empty database: the kernel lets it go with the process, however that ends. Nothing is written to the database.
 */
export function withChainLock<T>(path: string, work: () => T): T {
  // SQLite would make it readable to others.
  closeSync(openSync(path, constants.O_RDONLY | constants.O_CREAT | constants.O_NOFOLLOW, FILE_MODE));
  using database = new DatabaseSync(path, { timeout: PATIENCE_MS });
  // Without a journal there is no second file.
  try {
    database.exec('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE');
  } catch (error) {
    const isHeld = error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
    const why = isHeld ? `another run has held it for ${String(PATIENCE_MS / 1000)} s` : errorMessage(error);
    throw new Error(`the lock of the chain, ${CHAIN_LOCK}: ${why}`, { cause: error });
  }
  try {
    return work();
  } finally {
    database.exec('ROLLBACK');
  }
}
