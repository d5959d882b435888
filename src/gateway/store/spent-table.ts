import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { FAR_AHEAD_MS } from '../../core/budget-duration.ts';
import { inTransaction } from './open-database.ts';
import type { UsageRow } from './usage-line.ts';
import type { SpentAmount, SpentPage, SpentReset, ToldNotice } from './usage-store.ts';

/** The journal of amounts whose processes have ended. */
const ENDED = '';

/** The amounts of a row. */
interface Sum {
  readonly owner: string;
  readonly startMs: number;
  tokens: number;
  money: number;
}

/**
 * The amounts that owners of budgets have spent in their running periods, by the journal whose rows they come from: a process knows its own
 * part before the database has it, and reads those of others.
 */
export class SpentTable {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #since: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    // A row of a period that is over counts nowhere, nor one of a period that a wrong clock has begun.
    const order = `CASE WHEN (start_ms > ?7) <> (excluded.start_ms > ?7) THEN (start_ms > ?7) - (excluded.start_ms > ?7)
      ELSE sign(excluded.start_ms - start_ms) END`;
    const sum = (name: string): string =>
      `${name} = CASE ${order} WHEN 1 THEN excluded.${name} WHEN 0 THEN ${name} + excluded.${name} ELSE ${name} END`;
    this.#insert =
      database.prepare(`INSERT INTO spent (owner, journal, start_ms, tokens, money, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
      ON CONFLICT (owner, journal) DO UPDATE SET ${sum('tokens')}, ${sum('money')},
      start_ms = CASE ${order} WHEN -1 THEN start_ms ELSE excluded.start_ms END, revision = excluded.revision`);
    this.#since = database.prepare(
      'SELECT owner, journal, start_ms, tokens, money, revision FROM spent WHERE revision > ? AND journal <> ? ORDER BY revision',
    );
  }

  /** Adds the amounts of rows that are new in the database, within the transaction that adds them. */
  add(journal: string, rows: readonly UsageRow[]): void {
    // By owner, then by period: names that are joined for each row take longer than all else here.
    const sums = new Map<string, Sum[]>();
    for (const row of rows)
      for (const [owner, startMs] of row[22] ?? []) {
        const ofOwner = sums.get(owner);
        let sum = ofOwner?.find((one) => one.startMs === startMs);
        if (sum === undefined) {
          sum = { owner, startMs, tokens: 0, money: 0 };
          if (ofOwner === undefined) sums.set(owner, [sum]);
          else ofOwner.push(sum);
        }
        sum.tokens += row[14] + row[15];
        sum.money += row[17];
      }
    if (sums.size === 0) return;
    const revision = this.#nextRevision();
    for (const { owner, startMs, tokens, money } of [...sums.values()].flat())
      this.#add(owner, journal, startMs, tokens, money, revision);
  }

  /** The amounts that have changed since a revision, without those of a journal. */
  since(revision: number, own: string): SpentPage {
    const rows = this.#since.all(revision, own);
    const amounts = rows.map((row): SpentAmount => ({
      owner: String(row['owner']),
      journal: String(row['journal']),
      startMs: Number(row['start_ms']),
      tokens: Number(row['tokens']),
      money: Number(row['money']),
    }));
    return { amounts, revision: Number(rows.at(-1)?.['revision'] ?? revision) };
  }

  /** Sets the amounts of a period that are given, of all journals together. */
  reset(owner: string, startMs: number, to: SpentReset): void {
    inTransaction(this.#database, () => {
      const known = this.#database
        .prepare('SELECT total(tokens) AS tokens, total(money) AS money FROM spent WHERE owner = ? AND start_ms = ?')
        .get(owner, startMs);
      const more = (unit: 'tokens' | 'money'): number =>
        to[unit] === undefined ? 0 : to[unit] - Number(known?.[unit]);
      this.#add(owner, ENDED, startMs, more('tokens'), more('money'), this.#nextRevision());
      // A reset begins anew.
      const forget = this.#database.prepare(
        'DELETE FROM budget_notices WHERE owner = ? AND unit = ? AND percent * budget > 100 * ?',
      );
      for (const unit of ['tokens', 'money'] as const) if (to[unit] !== undefined) forget.run(owner, unit, to[unit]);
    });
  }

  /** Notes that a notice is told; `false`: it was, in its period and with its limit. */
  tell({ owner, unit, startMs, limit, percent }: ToldNotice): boolean {
    const told = this.#database
      .prepare(
        `INSERT INTO budget_notices (owner, unit, budget, start_ms, percent) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (owner, unit, budget) DO UPDATE SET start_ms = excluded.start_ms, percent = excluded.percent
         WHERE excluded.start_ms > start_ms OR start_ms > ? OR (excluded.start_ms = start_ms AND excluded.percent > percent)`,
      )
      .run(owner, unit, limit, startMs, percent, Date.now() + FAR_AHEAD_MS);
    return told.changes > 0;
  }

  /** Adds up the amounts of journals that exist no more; `list` is called within the transaction, since a journal exists before its rows. */
  foldEnded(list: () => ReadonlySet<string>): void {
    const some = this.#database.prepare(
      'SELECT DISTINCT journal FROM spent WHERE journal <> ? AND (tokens <> 0 OR money <> 0)',
    );
    const names = (): readonly string[] => some.all(ENDED).map(({ journal }) => String(journal));
    if (names().length === 0) return;
    inTransaction(this.#database, () => {
      const ended = names();
      const existing = list();
      for (const journal of ended.filter((name) => !existing.has(name))) {
        const revision = this.#nextRevision();
        for (const row of this.#database.prepare('SELECT * FROM spent WHERE journal = ?').all(journal))
          this.#add(
            String(row['owner']),
            ENDED,
            Number(row['start_ms']),
            Number(row['tokens']),
            Number(row['money']),
            revision,
          );
        // A reader takes the sum and the zero together; the row goes later.
        this.#database
          .prepare('UPDATE spent SET tokens = 0, money = 0, revision = ? WHERE journal = ?')
          .run(revision, journal);
      }
    });
  }

  /** Removes what has been added up. */
  prune(): void {
    this.#database.prepare('DELETE FROM spent WHERE journal <> ? AND tokens = 0 AND money = 0').run(ENDED);
  }

  #add(owner: string, journal: string, startMs: number, tokens: number, money: number, revision: number): void {
    this.#insert.run(owner, journal, startMs, tokens, money, revision, Date.now() + FAR_AHEAD_MS);
  }

  #nextRevision(): number {
    const row = this.#database
      .prepare(
        `INSERT INTO counters (name, value) VALUES ('spent', 1)
         ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`,
      )
      .get();
    return Number(row?.['value']);
  }
}
