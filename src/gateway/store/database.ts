import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { inTransaction } from './open-database.ts';
import type { Commit, RecordChange, RecordKind, RecordPage, RecordQuery, StoredRecord } from './key-store.ts';
import { recordIn, TABLES, columnValuesOf, type RecordRow } from './record-row.ts';

const SORTED = { created: 'created_ms', updated: 'updated_ms', alias: 'alias', expires: 'expires_ms' } as const;
/** Most records of a page. */
const MOST_RECORDS = 10_000;

/** The records in a database, in one thread. Callers see other processes' changes at once. */
export class RecordDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** As in `KeyStore`, here at once. */
  since(kind: RecordKind, revision: number, limit: number): readonly StoredRecord[] {
    const sql = `SELECT * FROM ${TABLES[kind].name} WHERE revision > ? ORDER BY revision LIMIT ?`;
    const rows = this.#prepared(sql).all(revision, limit);
    return this.#records(kind, rows);
  }

  find(query: RecordQuery): RecordPage {
    const { kind, sortBy = 'created', descending = false, offset = 0, limit = MOST_RECORDS } = query;
    const { where, values } = conditionsOf(query);
    const { name } = TABLES[kind];
    const order = descending ? 'DESC' : 'ASC';
    const rows = this.#prepared(
      `SELECT * FROM ${name} WHERE ${where} ORDER BY ${SORTED[sortBy]} ${order}, id ${order} LIMIT ? OFFSET ?`,
    ).all(...values, Math.min(limit, MOST_RECORDS), offset);
    // Records lie far apart for their documents; the names of keys stand together in their index.
    const from = isByNameAlone(query) ? `${name} INDEXED BY keys_alias` : name;
    const counted = this.#prepared(`SELECT count(*) AS total FROM ${from} WHERE ${where}`).get(...values);
    return { records: this.#records(kind, rows), total: Number(counted?.['total']) };
  }

  /** Each record of a transaction gets a revision of its own, so that a page of {@link since} may end between two of them. */
  commit(changes: readonly RecordChange[]): Commit {
    let conflict: Commit | undefined;
    try {
      return inTransaction(this.#database, () => {
        let revision = 0;
        for (const change of changes) {
          revision = this.#nextRevision();
          conflict = this.#write(change, revision);
          if (conflict !== undefined) throw new Error('a conflict');
        }
        return { ok: true, revision };
      });
    } catch (error) {
      if (conflict !== undefined) return conflict;
      throw error;
    }
  }

  /** A number that changes when another process writes. */
  version(): number {
    return Number(this.#prepared('PRAGMA data_version').get()?.['data_version']);
  }

  close(): void {
    this.#database.close();
  }

  #nextRevision(): number {
    const sql = `INSERT INTO counters (name, value) VALUES ('revision', 1)
      ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`;
    return Number(this.#prepared(sql).get()?.['value']);
  }

  #write(change: RecordChange, revision: number): Commit | undefined {
    const { kind, id, expected, alias, hash = '', deletedMs } = change;
    const { name, columns } = TABLES[kind];
    const found = this.#prepared(`SELECT revision FROM ${name} WHERE id = ?`).get(id);
    if (Number(found?.['revision'] ?? 0) !== expected) return { ok: false, conflict: 'changed', id };
    if (kind === 'key' && deletedMs === undefined) {
      const same = this.#prepared('SELECT id FROM keys WHERE alias = ? AND deleted_ms IS NULL AND id <> ?');
      if (alias !== undefined && same.get(alias, id) !== undefined) return { ok: false, conflict: 'alias', id };
      const owner = this.#prepared(
        'SELECT key_id FROM key_hashes WHERE hash = ? AND key_id <> ? AND ifnull(until_ms, ?) >= ?',
      );
      if (owner.get(hash, id, change.updatedMs, change.updatedMs) !== undefined)
        return { ok: false, conflict: 'hash', id };
    }
    const marks = columns.map(() => '?').join(', ');
    const updates = columns.map((column) => `${column} = excluded.${column}`).join(', ');
    this.#prepared(
      `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${marks}) ON CONFLICT (id) DO UPDATE SET ${updates}`,
    ).run(...columnValuesOf({ ...change, revision }));
    if (kind === 'key') this.#writeHashes(change);
    return undefined;
  }

  #writeHashes({ id, hash = '', former = [], deletedMs }: RecordChange): void {
    this.#prepared('DELETE FROM key_hashes WHERE key_id = ?').run(id);
    if (deletedMs !== undefined) return;
    const add = this.#prepared('INSERT OR REPLACE INTO key_hashes (hash, key_id, until_ms) VALUES (?, ?, ?)');
    for (const { hash: each, untilMs } of former) add.run(each, id, untilMs);
    add.run(hash, id, null);
  }

  #records(kind: RecordKind, rows: readonly Record<string, unknown>[]): readonly StoredRecord[] {
    // The columns are those of the schema.
    return rows.map((row) => recordIn(kind, row as unknown as RecordRow));
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** Whether keys are chosen by a part of their name and nothing else. */
function isByNameAlone({ kind, search, ids, hashes, aliases, ...rest }: RecordQuery): boolean {
  const { teamId, userId, organizationId, status } = rest;
  const others = [ids, hashes, aliases, teamId, userId, organizationId, status];
  return kind === 'key' && search !== undefined && others.every((one) => one === undefined);
}

function conditionsOf(query: RecordQuery): { readonly where: string; readonly values: readonly SQLInputValue[] } {
  const { ids, hashes, aliases, teamId, userId, organizationId, search, status, nowMs } = query;
  const parts: [string, ...SQLInputValue[]][] = [
    [status === 'deleted' ? 'deleted_ms IS NOT NULL' : 'deleted_ms IS NULL'],
  ];
  // A list is one value, so that each kind of query has one statement.
  const among = (column: string, list: readonly string[]): void => {
    parts.push([`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(list)]);
  };
  if (ids !== undefined) among('id', ids);
  if (aliases !== undefined) among('alias', aliases);
  if (hashes !== undefined)
    parts.push([
      `id IN (SELECT key_id FROM key_hashes WHERE hash IN (SELECT value FROM json_each(?)) AND ifnull(until_ms, ?) >= ?)`,
      JSON.stringify(hashes),
      nowMs,
      nowMs,
    ]);
  if (teamId !== undefined) parts.push(['team_id = ?', teamId]);
  if (userId !== undefined) parts.push(['user_id = ?', userId]);
  if (organizationId !== undefined)
    parts.push([`json_extract(document, '$.fields.organization_id') = ?`, organizationId]);
  if (search !== undefined) parts.push(['instr(lower(alias), lower(?)) > 0', search]);
  if (status === 'revoked') parts.push(['blocked = 1']);
  if (status === 'expired') parts.push(['expires_ms <= ?', nowMs]);
  if (status === 'active') parts.push(['blocked = 0 AND ifnull(expires_ms, ? + 1) > ?', nowMs, nowMs]);
  return { where: parts.map(([sql]) => sql).join(' AND '), values: parts.flatMap(([, ...values]) => values) };
}
