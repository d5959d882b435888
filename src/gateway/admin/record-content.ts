import type { Json } from '../../core/json.ts';
import { documentIn } from '../keys/stored-key.ts';
import type { FormerHash, RecordContent, RecordKind, StoredRecord } from '../store/key-store.ts';

const ALIAS: Readonly<Record<RecordKind, string>> = { key: 'key_alias', team: 'team_alias', user: 'user_email' };

/** A change of one record: its content before and after. */
export interface PlannedChange {
  /** `undefined`: it is new. */
  readonly before: StoredRecord | undefined;
  readonly after: RecordContent;
  /** Values beside the record that the change sets: amounts that were spent. */
  readonly amounts?: { readonly before: Json; readonly after: Json };
}

/** The parts of a record that its fields do not say. */
export interface RecordFacts {
  readonly id: string;
  readonly nowMs: number;
  /** The caller that makes the change. */
  readonly by: string;
  readonly expiresMs?: number | undefined;
  readonly hash?: string | undefined;
  readonly former?: readonly FormerHash[] | undefined;
  readonly notes?: Json | undefined;
}

/** A new record. */
export function newRecord(kind: RecordKind, fields: Json, facts: RecordFacts): PlannedChange {
  const { nowMs, by, notes } = facts;
  const kept = withoutNulls(fields);
  const after = contentOf(kind, kept, {
    ...facts,
    createdMs: nowMs,
    notes: { ...notes, created_by: by, updated_by: by },
  });
  return { before: undefined, after };
}

/** A record with some fields changed: null clears one, and a missing one stays. */
export function changedRecord(
  before: StoredRecord,
  fields: Json,
  { nowMs, by, notes, ...facts }: Omit<RecordFacts, 'id'>,
): PlannedChange {
  const old = documentIn(before.document);
  const after = contentOf(before.kind, withoutNulls({ ...old.fields, ...fields }), {
    id: before.id,
    createdMs: before.createdMs,
    nowMs,
    expiresMs: 'expiresMs' in facts ? facts.expiresMs : before.expiresMs,
    hash: facts.hash ?? before.hash,
    former: (facts.former ?? before.former ?? []).filter(({ untilMs }) => untilMs > nowMs),
    notes: { ...old.notes, ...notes, updated_by: by },
  });
  return { before, after };
}

/** A record that is deleted. */
export function deletedRecord(before: StoredRecord, nowMs: number): PlannedChange {
  return { before, after: { ...before, updatedMs: nowMs, deletedMs: nowMs } };
}

function contentOf(
  kind: RecordKind,
  fields: Json,
  facts: Omit<RecordFacts, 'by'> & { readonly createdMs: number },
): RecordContent {
  const textOf = (name: string): string | undefined => {
    const value = fields[name];
    return typeof value === 'string' ? value : undefined;
  };
  const { id, nowMs, createdMs, expiresMs, hash, former, notes = {} } = facts;
  return {
    kind,
    id,
    hash,
    former,
    alias: textOf(ALIAS[kind]),
    teamId: kind === 'key' ? textOf('team_id') : undefined,
    userId: kind === 'key' ? textOf('user_id') : undefined,
    blocked: fields['blocked'] === true,
    expiresMs,
    createdMs,
    updatedMs: nowMs,
    deletedMs: undefined,
    document: JSON.stringify({ fields, notes }),
  };
}

function withoutNulls(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
