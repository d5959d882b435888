import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { inTransaction } from './open-database.ts';
import { DaysOfRows } from './day-sums.ts';
import { SpentTable } from './spent-table.ts';
import { usageTimeOf, type UsageLines, type UsageRow } from './usage-line.ts';
import { DAY_MS, KEPT_ROWS_MS, USAGE_DIMENSIONS } from './usage-store.ts';

/** Sums of days are kept for so many days. */
const KEPT_DAYS = 3 * 365;
/** The columns, by name: a later release may have added others. */
const COLUMNS =
  'id, key_id, team_id, user_id, end_user, tags, dialect, address, alias, model, backend, reason, status, ended, prompt_tokens, completion_tokens, estimated, cost, queue_ms, load_ms, ttft_ms, total_ms, price'.split(
    ', ',
  );

/** Writes rows of requests, once each, with their sums of days in the same transaction. */
export class UsageRows {
  readonly #database: DatabaseSync;
  readonly #spent: SpentTable;
  readonly #insert: StatementSync;
  readonly #add: StatementSync;
  readonly #refuse: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#spent = new SpentTable(database);
    const marks = COLUMNS.map(() => '?').join(', ');
    this.#insert = database.prepare(
      `INSERT INTO usage (${COLUMNS.join(', ')}) VALUES (${marks}) ON CONFLICT (id) DO NOTHING`,
    );
    this.#add = database.prepare(`INSERT INTO usage_days
      (dimension, day, value, requests, unanswered, lost, prompt_tokens, completion_tokens, cost)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (dimension, day, value) DO UPDATE SET requests = requests + excluded.requests,
      unanswered = unanswered + excluded.unanswered, lost = lost + excluded.lost,
      prompt_tokens = prompt_tokens + excluded.prompt_tokens,
      completion_tokens = completion_tokens + excluded.completion_tokens, cost = cost + excluded.cost`);
    this.#refuse = database.prepare(
      'INSERT INTO usage_refused (id, key_id, team_id, limited_by, requests) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
    );
  }

  get spent(): SpentTable {
    return this.#spent;
  }

  /**
   * Adds rows of a journal in one transaction; returns how many were new. A row that is older than rows are kept is left out: it may have been here, and
   * would count a second time.
   */
  add(journal: string, { ended, refused }: Pick<UsageLines, 'ended' | 'refused'>, nowMs: number): number {
    const oldestMs = nowMs - KEPT_ROWS_MS;
    return inTransaction(this.#database, () => {
      const sums = new DaysOfRows();
      const added: UsageRow[] = [];
      for (const row of ended) {
        if (usageTimeOf(row[0]) < oldestMs || this.#insert.run(...columnsOf(row)).changes === 0) continue;
        added.push(row);
        sums.add(row);
      }
      for (const one of sums.all())
        this.#add.run(
          one.dimension,
          one.day,
          one.value,
          one.requests,
          one.unanswered,
          one.lost,
          one.promptTokens,
          one.completionTokens,
          one.cost,
        );
      this.#spent.add(journal, added);
      for (const [id, ...values] of refused)
        if (usageTimeOf(id) >= oldestMs) this.#refuse.run(Buffer.from(id, 'hex'), ...values);
      return added.length;
    });
  }

  /** Removes at most `most` rows that are older than they are kept; `false`: there are none left. */
  prune(nowMs: number, most: number): boolean {
    // A removal that a power cut undoes is made again, so it waits for no disk, which others write to meanwhile.
    this.#database.exec('PRAGMA synchronous = NORMAL');
    try {
      return this.#prune(nowMs, most);
    } finally {
      this.#database.exec('PRAGMA synchronous = FULL');
    }
  }

  #prune(nowMs: number, most: number): boolean {
    const before = Buffer.from((nowMs - KEPT_ROWS_MS).toString(16).padStart(12, '0').padEnd(32, '0'), 'hex');
    const lastDay = Math.floor(nowMs / DAY_MS) - KEPT_DAYS;
    return inTransaction(this.#database, () => {
      let removed = 0;
      for (const table of ['usage', 'usage_refused'])
        removed += Number(
          this.#database
            .prepare(`DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE id < ? ORDER BY id LIMIT ?)`)
            .run(before, most).changes,
        );
      for (const dimension of USAGE_DIMENSIONS)
        removed += Number(
          this.#database
            .prepare(
              `DELETE FROM usage_days WHERE dimension = ?1 AND (day, value) IN
              (SELECT day, value FROM usage_days WHERE dimension = ?1 AND day < ?2 LIMIT ?3)`,
            )
            .run(dimension, lastDay, most).changes,
        );
      if (removed === 0) this.#spent.prune();
      return removed > 0;
    });
  }
}

function columnsOf(row: UsageRow): SQLInputValue[] {
  const tags = row[5];
  // The values behind the tags are those of the columns.
  const columns = row.slice(0, COLUMNS.length - 1) as SQLInputValue[];
  const price = row[23];
  columns.push(price === undefined ? null : JSON.stringify(price));
  columns[0] = Buffer.from(row[0], 'hex');
  columns[5] = tags.length === 0 ? null : JSON.stringify(tags);
  return columns;
}
