import { hash } from 'node:crypto';

/** One step of the schema. Once released it is never changed. */
export interface Migration {
  readonly version: number;
  /** Statements that only add: a release before works with the schema of the next one. */
  readonly statements: readonly string[];
}

const COLUMNS = `
  id TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  alias TEXT,
  team_id TEXT,
  user_id TEXT,
  blocked INTEGER NOT NULL DEFAULT 0,
  expires_ms INTEGER,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  deleted_ms INTEGER,
  document TEXT NOT NULL`;

/** The schema, step by step: a new one is added at the end, and its tables and columns are such that the release before may ignore them. */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    statements: [
      'CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT',
      `CREATE TABLE keys (${COLUMNS},\n  hash TEXT NOT NULL,\n  former TEXT) STRICT`,
      `CREATE TABLE teams (${COLUMNS}) STRICT`,
      `CREATE TABLE users (${COLUMNS}) STRICT`,
      // Of keys that are not deleted: their hashes and the former ones that may still work.
      'CREATE TABLE key_hashes (hash TEXT PRIMARY KEY, key_id TEXT NOT NULL, until_ms INTEGER) STRICT, WITHOUT ROWID',
      'CREATE INDEX key_hashes_key ON key_hashes (key_id)',
      'CREATE UNIQUE INDEX keys_alias ON keys (alias) WHERE deleted_ms IS NULL',
      'CREATE INDEX keys_team ON keys (team_id) WHERE deleted_ms IS NULL',
      'CREATE INDEX keys_user ON keys (user_id) WHERE deleted_ms IS NULL',
      'CREATE INDEX keys_created ON keys (created_ms, id) WHERE deleted_ms IS NULL',
      ...['keys', 'teams', 'users'].map((table) => `CREATE INDEX ${table}_revision ON ${table} (revision)`),
    ],
  },
];

/** The newest schema that this program knows. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** The fingerprint of a step, which the database keeps beside its number. */
export function checksumOf({ statements }: Migration): string {
  return hash('sha256', statements.join(';\n'), 'hex');
}
