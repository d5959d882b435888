import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { errorMessage } from '../../core/error.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { checksumOf, MIGRATIONS, type Migration } from './migrations.ts';

/** Marks a file as hxllm's: `hxll` in ASCII. */
const APPLICATION_ID = 0x68_78_6c_6c;
/** `PRAGMA synchronous`: commits are on the disk at the next checkpoint. */
const NORMAL = 1;
/** Longest wait for another process that writes, ms. */
const BUSY_MS = 5000;
/** Pages that are kept in memory, KiB. Rows of many keys write to many pages, and a page that finds no room here is written more than once. */
const CACHE_KIB = 8192;
/** Pages in the WAL, of 4 KiB, before they are brought into the database: a page that many commits have written is brought there once. */
const CHECKPOINT_PAGES = 4000;
/** The result codes of SQLite for a file that is no database, or a damaged one (https://sqlite.org/rescode.html). */
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);

/**
 * Opens the database of a gateway, makes it if it does not exist, and brings its schema up to date. A Problem if it is damaged, is not
 * writable, or has a schema that is newer by more than one step; nothing is changed then.
 */
export function openDatabase(file: string, migrations: readonly Migration[] = MIGRATIONS): Result<DatabaseSync> {
  let database: DatabaseSync | undefined;
  try {
    // SQLite would make it readable for everybody; its two companions get the mode of this file.
    closeSync(openSync(file, 'a', 0o600));
    database = new DatabaseSync(file, { timeout: BUSY_MS });
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
       PRAGMA cache_size = -${String(CACHE_KIB)}; PRAGMA wal_autocheckpoint = ${String(CHECKPOINT_PAGES)}`,
    );
    const problem = migrate(database, file, migrations);
    if (problem === undefined) return ok(database);
    database.close();
    return fail(problem);
  } catch (error) {
    database?.close();
    return fail(DAMAGED.has(sqliteCode(error) & 0xff) ? damaged(file, error) : notWritable(file, error));
  }
}

/** The result code of SQLite in an error; 0 if it has none. */
export function sqliteCode(error: unknown): number {
  const code: unknown = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' ? code : 0;
}

/** Runs a function in a transaction that writes; another process waits for its end. An error undoes all of it. */
export function inTransaction<T>(database: DatabaseSync, act: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = act();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/**
 * Runs a function whose commits do not wait for the disk: the end of the process undoes none, a power cut may undo the last ones. The next
 * commit that waits brings them to the disk.
 */
export function withoutWaiting<T>(database: DatabaseSync, act: () => T): T {
  const before = numberIn(database, 'SELECT synchronous AS value FROM pragma_synchronous');
  if (before <= NORMAL) return act();
  database.exec('PRAGMA synchronous = NORMAL');
  try {
    return act();
  } finally {
    database.exec(`PRAGMA synchronous = ${String(before)}`);
  }
}

function migrate(database: DatabaseSync, file: string, migrations: readonly Migration[]): Problem | undefined {
  return inTransaction(database, () => {
    const isNew = numberIn(database, 'SELECT count(*) AS value FROM sqlite_schema') === 0;
    if (isNew) {
      database.exec(
        `PRAGMA application_id = ${String(APPLICATION_ID)};
         CREATE TABLE migrations (version INTEGER PRIMARY KEY, checksum TEXT NOT NULL, applied_ms INTEGER NOT NULL) STRICT`,
      );
    } else if (numberIn(database, 'SELECT application_id AS value FROM pragma_application_id') !== APPLICATION_ID)
      return foreign(file);
    const applied = new Map(
      database
        .prepare('SELECT version, checksum FROM migrations')
        .all()
        .map(({ version, checksum }) => [Number(version), String(checksum)]),
    );
    const newest = Math.max(0, ...applied.keys());
    if (newest > migrations.length + 1) return newer(file, newest, migrations.length);
    const changed = migrations.find(
      (migration) => migration.version <= newest && applied.get(migration.version) !== checksumOf(migration),
    );
    if (changed !== undefined) return otherSchema(file, changed.version);
    const note = database.prepare('INSERT INTO migrations (version, checksum, applied_ms) VALUES (?, ?, ?)');
    for (const migration of migrations.slice(newest)) {
      for (const statement of migration.statements) database.exec(statement);
      note.run(migration.version, checksumOf(migration), Date.now());
    }
    return undefined;
  });
}

function numberIn(database: DatabaseSync, sql: string): number {
  return Number(database.prepare(sql).get()?.['value']);
}

function damaged(file: string, error: unknown): Problem {
  return {
    code: 'state.damaged',
    summary: 'the database of keys is damaged',
    detail: `Expected the SQLite database that the gateway writes, found: ${errorMessage(error)}. Nothing was changed.`,
    fix: `sudo mv ${file} ${file}.damaged  # then put the file of a backup there; without one the keys are made again`,
    where: { file },
  };
}

function notWritable(file: string, error: unknown): Problem {
  return {
    code: 'state.not-writable',
    summary: 'the database of keys cannot be written',
    detail: `Expected a file that the gateway may write, in a folder where it may make others, found: ${errorMessage(error)}.`,
    fix: `ls -ld ${file}* "$(dirname ${file})"; df -h "$(dirname ${file})"  # its owner is the user of the service`,
    where: { file },
  };
}

function newer(file: string, found: number, known: number): Problem {
  return {
    code: 'state.newer',
    summary: 'the database of keys belongs to a newer hxllm',
    detail: `Expected at most version ${String(known + 1)} of its schema, since this release knows ${String(known)}, found ${String(found)}. Nothing was changed.`,
    fix: 'hxllm enforce  # with the newer hxllm, or with one that is a single release older than it',
    where: { file },
  };
}

function otherSchema(file: string, version: number): Problem {
  return {
    code: 'state.other-schema',
    summary: 'the database of keys has a schema that no release of hxllm made',
    detail: `Expected step ${String(version)} of its schema as this release knows it, found another one. Nothing was changed.`,
    fix: `sudo mv ${file} ${file}.other  # then put the file of a backup there`,
    where: { file },
  };
}

function foreign(file: string): Problem {
  return {
    code: 'state.foreign',
    summary: 'the database is not one of hxllm',
    detail: 'Expected the SQLite database that the gateway writes, found one of another program. Nothing was changed.',
    fix: `sudo mv ${file} ${file}.other`,
    where: { file },
  };
}
