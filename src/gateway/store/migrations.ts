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
  {
    version: 2,
    statements: [
      // The id has the time, and rows lie in its order.
      `CREATE TABLE usage (
  id BLOB PRIMARY KEY,
  key_id TEXT,
  team_id TEXT,
  user_id TEXT,
  end_user TEXT,
  tags TEXT,
  dialect TEXT,
  address TEXT,
  alias TEXT,
  model TEXT,
  backend TEXT,
  reason TEXT,
  status INTEGER,
  ended TEXT NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  estimated INTEGER NOT NULL,
  cost REAL NOT NULL,
  queue_ms REAL,
  load_ms REAL,
  ttft_ms REAL,
  total_ms REAL) STRICT, WITHOUT ROWID`,
      'CREATE INDEX usage_key ON usage (key_id, id)',
      'CREATE INDEX usage_user ON usage (user_id, id)',
      // Days of UTC, since 1970. A table of all combinations would have as many rows as requests.
      `CREATE TABLE usage_days (
  dimension TEXT NOT NULL,
  day INTEGER NOT NULL,
  value TEXT NOT NULL,
  requests INTEGER NOT NULL,
  unanswered INTEGER NOT NULL,
  lost INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  cost REAL NOT NULL,
  PRIMARY KEY (dimension, day, value)) STRICT, WITHOUT ROWID`,
      `CREATE TABLE usage_refused (
  id BLOB PRIMARY KEY,
  key_id TEXT,
  team_id TEXT,
  limited_by TEXT NOT NULL,
  requests INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
    ],
  },
  {
    version: 3,
    statements: [
      // Amounts that owners of budgets have spent in the period that began at `start_ms`, by the journal that has the rows.
      `CREATE TABLE spent (
  owner TEXT NOT NULL,
  journal TEXT NOT NULL,
  start_ms INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  money REAL NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (owner, journal)) STRICT, WITHOUT ROWID`,
      'CREATE INDEX spent_revision ON spent (revision)',
    ],
  },
  {
    version: 4,
    statements: ['updated', 'expires'].map(
      (name) => `CREATE INDEX keys_${name} ON keys (${name}_ms, id) WHERE deleted_ms IS NULL`,
    ),
  },
  {
    version: 5,
    statements: [
      // The percentage of a budget that a line of the log has told in the period that began at `start_ms`.
      `CREATE TABLE budget_notices (
  owner TEXT NOT NULL,
  unit TEXT NOT NULL,
  budget REAL NOT NULL,
  start_ms INTEGER NOT NULL,
  percent INTEGER NOT NULL,
  PRIMARY KEY (owner, unit, budget)) STRICT, WITHOUT ROWID`,
    ],
  },
  {
    version: 6,
    // The prices of a token that a cost was found with, as a JSON array: of the prompt, of the answer.
    statements: ['ALTER TABLE usage ADD COLUMN price TEXT'],
  },
];

/** The newest schema that this program knows. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** The fingerprint of a step, which the database keeps beside its number. */
export function checksumOf({ statements }: Migration): string {
  return hash('sha256', statements.join(';\n'), 'hex');
}
