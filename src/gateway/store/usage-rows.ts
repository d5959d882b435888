import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { inTransaction, withoutWaiting } from './open-database.ts';
import { DaysOfRows } from './day-sums.ts';
import { SpentTable } from './spent-table.ts';
import { MixedRowsError, UsageInsert } from './usage-insert.ts';
import { leastUsageId, leastUsageIdText, type UsageLines, type UsageRow } from './usage-line.ts';
import { DAY_MS, KEPT_ROWS_MS, USAGE_DIMENSIONS } from './usage-store.ts';

/** Sums of days are kept for so many days. */
const KEPT_DAYS = 3 * 365;

/** Writes rows of requests, once each, with their sums of days in the same transaction. */
export class UsageRows {
  readonly #database: DatabaseSync;
  readonly #spent: SpentTable;
  readonly #insert: UsageInsert;
  readonly #add: StatementSync;
  readonly #refuse: StatementSync;
  readonly #sync: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#spent = new SpentTable(database);
    this.#insert = new UsageInsert(database);
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
    this.#sync = database.prepare(
      `INSERT INTO counters (name, value) VALUES ('usage synced', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1`,
    );
  }

  get spent(): SpentTable {
    return this.#spent;
  }

  /**
   * Adds rows of a journal in one transaction; returns how many were new. A row that is older than rows are kept is left out: it may have been here, and
   * would count a second time. A power cut may undo it until {@link sync}: its journal has to stay until then.
   */
  add(journal: string, lines: Pick<UsageLines, 'ended' | 'refused'>, nowMs: number): number {
    return withoutWaiting(this.#database, () => {
      try {
        return this.#store(journal, lines, nowMs, (rows) => this.#insert.together(rows));
      } catch (error) {
        if (!(error instanceof MixedRowsError)) throw error;
        return this.#store(journal, lines, nowMs, (rows) => this.#insert.oneByOne(rows));
      }
    });
  }

  /** Brings all rows so far to the disk: a commit that waits for the disk takes with it what others have left. */
  sync(): void {
    this.#sync.run();
  }

  #store(
    journal: string,
    { ended, refused }: Pick<UsageLines, 'ended' | 'refused'>,
    nowMs: number,
    insert: (rows: readonly UsageRow[]) => readonly UsageRow[],
  ): number {
    const oldest = leastUsageIdText(nowMs - KEPT_ROWS_MS);
    return inTransaction(this.#database, () => {
      const added = insert(ended.filter(([id]) => id >= oldest));
      const sums = new DaysOfRows();
      for (const row of added) sums.add(row);
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
      for (const [id, ...values] of refused) if (id >= oldest) this.#refuse.run(Buffer.from(id, 'hex'), ...values);
      return added.length;
    });
  }

  /** Removes at most `most` rows that are older than they are kept; `false`: there are none left. */
  prune(nowMs: number, most: number): boolean {
    // A removal that a power cut undoes is made again, so it waits for no disk, which others write to meanwhile.
    return withoutWaiting(this.#database, () => this.#prune(nowMs, most));
  }

  #prune(nowMs: number, most: number): boolean {
    const before = leastUsageId(nowMs - KEPT_ROWS_MS);
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
