import type { SQLInputValue } from 'node:sqlite';
import type { FormerHash, RecordKind, StoredRecord } from './key-store.ts';

const COLUMNS = 'id revision alias team_id user_id blocked expires_ms created_ms updated_ms deleted_ms document'.split(
  ' ',
);

/** The table of each kind of record. */
export const TABLES: Readonly<Record<RecordKind, { readonly name: string; readonly columns: readonly string[] }>> = {
  key: { name: 'keys', columns: [...COLUMNS, 'hash', 'former'] },
  team: { name: 'teams', columns: COLUMNS },
  user: { name: 'users', columns: COLUMNS },
};

/** A row as SQLite returns it. */
export interface RecordRow {
  readonly id: string;
  readonly revision: number;
  readonly alias: string | null;
  readonly team_id: string | null;
  readonly user_id: string | null;
  readonly blocked: number;
  readonly expires_ms: number | null;
  readonly created_ms: number;
  readonly updated_ms: number;
  readonly deleted_ms: number | null;
  readonly document: string;
  readonly hash?: string;
  readonly former?: string | null;
}

/** Reads a row. */
export function recordIn(kind: RecordKind, row: RecordRow): StoredRecord {
  return {
    kind,
    id: row.id,
    revision: row.revision,
    hash: row.hash,
    // This program wrote it.
    former: typeof row.former === 'string' ? (JSON.parse(row.former) as readonly FormerHash[]) : undefined,
    alias: row.alias ?? undefined,
    teamId: row.team_id ?? undefined,
    userId: row.user_id ?? undefined,
    blocked: row.blocked !== 0,
    expiresMs: row.expires_ms ?? undefined,
    createdMs: row.created_ms,
    updatedMs: row.updated_ms,
    deletedMs: row.deleted_ms ?? undefined,
    document: row.document,
  };
}

/** The values of a record, in the order of the columns of its table. */
export function columnValuesOf(record: StoredRecord): readonly SQLInputValue[] {
  const { former = [] } = record;
  const values = [
    record.id,
    record.revision,
    record.alias ?? null,
    record.teamId ?? null,
    record.userId ?? null,
    record.blocked ? 1 : 0,
    record.expiresMs ?? null,
    record.createdMs,
    record.updatedMs,
    record.deletedMs ?? null,
    record.document,
  ];
  if (record.kind !== 'key') return values;
  return [...values, record.hash ?? '', former.length === 0 ? null : JSON.stringify(former)];
}
