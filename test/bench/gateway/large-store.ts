import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { timeOrderedId } from '../../../src/core/id.ts';
import { RecordDatabase } from '../../../src/gateway/store/database.ts';
import type { RecordChange } from '../../../src/gateway/store/key-store.ts';
import { openDatabase } from '../../../src/gateway/store/open-database.ts';
import type { UsageRow } from '../../../src/gateway/store/usage-line.ts';
import { UsageRows } from '../../../src/gateway/store/usage-rows.ts';
import { DAY_MS, KEPT_ROWS_MS } from '../../../src/gateway/store/usage-store.ts';

/** The size of a store. */
export interface StoreSize {
  readonly keys: number;
  readonly rows: number;
  /** Rows beside these that are older than rows are kept. */
  readonly oldRows: number;
}

const TEAMS = 500;
const USERS = 10_000;
const MODELS = 12;
const BACKENDS = 16;
const KEYS_AT_ONCE = 2000;
const ROWS_AT_ONCE = 5000;

/** The text of the key with this number. */
export const keyText = (number: number): string => `sk-of-a-client-${String(number).padStart(8, '0')}`;

/**
 * Makes the database of a state folder: keys in teams with limits, and rows over the time for which rows are kept, with their sums, by the
 * program's own code. A database that is there already is used, with as many new rows that are too old.
 */
export function fillStore(stateDir: string, { keys, rows, oldRows }: StoreSize, nowMs: number): void {
  mkdirSync(stateDir, { recursive: true });
  const file = join(stateDir, 'gateway.db');
  const isNew = !existsSync(file);
  const opened = openDatabase(file);
  if (!opened.ok) throw new Error(opened.problems[0].detail);
  const database = opened.value;
  // Nothing is lost when this program is cut: its file is made again.
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -262144');
  const usage = new UsageRows(database);
  const firstMs = nowMs - KEPT_ROWS_MS;
  if (isNew) {
    addKeys(new RecordDatabase(database), keys, nowMs);
    addRows(usage, { keys, rows, fromMs: firstMs + DAY_MS, toMs: nowMs });
  }
  addRows(usage, { keys, rows: oldRows, fromMs: firstMs - 5 * DAY_MS, toMs: firstMs });
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}

function addKeys(database: RecordDatabase, keys: number, nowMs: number): void {
  const teams = Array.from({ length: TEAMS }, (_, number) => recordOf('team', number, nowMs));
  if (!database.commit(teams).ok) throw new Error('the teams were refused');
  for (let first = 0; first < keys; first += KEYS_AT_ONCE) {
    const some = Array.from({ length: Math.min(KEYS_AT_ONCE, keys - first) }, (_, index) =>
      recordOf('key', first + index, nowMs),
    );
    if (!database.commit(some).ok) throw new Error('the keys were refused');
  }
}

function recordOf(kind: 'key' | 'team', number: number, nowMs: number): RecordChange {
  const isKey = kind === 'key';
  const alias = `${kind}-${String(number)}`;
  const fields = {
    [`${kind}_alias`]: alias,
    models: [],
    rpm_limit: 1_000_000,
    tpm_limit: 1_000_000_000,
    max_parallel_requests: 10_000,
    metadata: { department: `department ${String(number % 100)}`, ticket: String(number) },
  };
  return {
    kind,
    id: isKey ? keyId(number) : teamId(number),
    expected: 0,
    hash: isKey ? apiKeyHash(keyText(number)) : undefined,
    alias,
    teamId: isKey ? teamId(number % TEAMS) : undefined,
    userId: isKey ? userId(number) : undefined,
    blocked: number % 100 === 99,
    expiresMs: number % 10 === 9 ? nowMs + (number % 2 === 0 ? -1 : 1) * DAY_MS : undefined,
    createdMs: nowMs - number * 60_000,
    updatedMs: nowMs - ((number * 7919) % 100_000) * 1000,
    deletedMs: undefined,
    document: JSON.stringify({ fields, notes: { key_name: 'sk-...0000', created_by: 'default_user_id' } }),
  };
}

const keyId = (number: number): string => `key-${String(number).padStart(32, '0')}`;
const teamId = (number: number): string => `team-${String(number).padStart(8, '0')}`;
const userId = (number: number): string => `user-${String(number % USERS)}`;

interface RowPlan {
  readonly keys: number;
  readonly rows: number;
  readonly fromMs: number;
  readonly toMs: number;
}

function addRows(usage: UsageRows, { keys, rows, fromMs, toMs }: RowPlan): void {
  for (let first = 0; first < rows; first += ROWS_AT_ONCE) {
    const length = Math.min(ROWS_AT_ONCE, rows - first);
    const batch = Array.from({ length }, (_, index) =>
      rowOf(fromMs + Math.floor(((toMs - fromMs) * (first + index)) / rows), keys),
    );
    // At their own time none of them is too old.
    usage.add('made', { ended: batch, refused: [] }, fromMs);
  }
}

/** Some keys are used far more than others: half of the requests are of an eighth of the keys. */
function rowOf(atMs: number, keys: number): UsageRow {
  const number = Math.floor(keys * Math.random() ** 3);
  const model = Math.floor(MODELS * Math.random() ** 2);
  const tokens = Math.floor(Math.random() * 1000);
  return [
    timeOrderedId(atMs),
    keyId(number),
    teamId(number % TEAMS),
    userId(number),
    null,
    number % 3 === 0 ? [`tag-${String(number % 20)}`] : [],
    'openai',
    null,
    `alias-${String(model)}`,
    `model-${String(model)}:8b`,
    `http://server-${String(Math.floor(Math.random() * BACKENDS))}:11434`,
    'resident',
    200,
    Math.random() < 0.98 ? 'answered' : 'client-left',
    tokens,
    tokens,
    0,
    tokens * 1e-6,
    Math.random() * 10,
    0,
    Math.random() * 500,
    Math.random() * 5000,
  ];
}
