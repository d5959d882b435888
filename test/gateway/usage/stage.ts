import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after } from 'node:test';

/** A row of the database, as the tests look at it. */
export interface SeenRow {
  readonly id: string;
  readonly key_id: string | null;
  readonly end_user: string | null;
  readonly alias: string | null;
  readonly backend: string | null;
  readonly status: number | null;
  readonly ended: string;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly estimated: number;
  readonly cost: number;
  readonly address: string | null;
}

/** A folder that is removed when the tests of the file have ended. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-usage-'));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** All rows of the database in a state folder, oldest first. A gateway that has just begun has not made the table yet: there are none. */
export function rowsIn(state: string): readonly SeenRow[] {
  try {
    // The columns are those of the schema.
    return select(
      state,
      'SELECT *, lower(hex(id)) AS id FROM usage ORDER BY usage.id',
    ) as unknown as readonly SeenRow[];
  } catch (error) {
    if (/no such table: usage|unable to open database file/.test(String(error))) return [];
    throw error;
  }
}

/** The sums of days, over all days, of one dimension. */
export function sumsIn(state: string, dimension: string): readonly Readonly<Record<string, unknown>>[] {
  return select(
    state,
    `SELECT value, sum(requests) AS requests, sum(lost) AS lost, sum(prompt_tokens) AS prompt_tokens,
     sum(completion_tokens) AS completion_tokens FROM usage_days WHERE dimension = '${dimension}' GROUP BY value ORDER BY value`,
  );
}

/** The rows that a query finds in the database of a state folder. */
export function select(state: string, sql: string): readonly Readonly<Record<string, unknown>>[] {
  const database = new DatabaseSync(join(state, 'gateway.db'), { readOnly: true, timeout: 5000 });
  try {
    // Rows have no prototype, which deepEqual sees.
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

/** The lines of all segments in a state folder. */
export function linesIn(state: string): readonly (readonly unknown[])[] {
  const folder = join(state, 'journal');
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  return files
    .toSorted()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as readonly unknown[]);
}

/** Everything in a folder, as bytes. */
export function bytesIn(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}
