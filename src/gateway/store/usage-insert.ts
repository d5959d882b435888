import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { UsageRow } from './usage-line.ts';

/** The columns, by name: a later release may have added others. */
const COLUMNS =
  'id, key_id, team_id, user_id, end_user, tags, dialect, address, alias, model, backend, reason, status, ended, prompt_tokens, completion_tokens, estimated, cost, queue_ms, load_ms, ttft_ms, total_ms, price'.split(
    ', ',
  );
const MARKS = `(${COLUMNS.map(() => '?').join(', ')})`;
/** Rows of a statement. A statement for each row takes a µs more for each, and one of 32 no less than this one. */
const ROWS_AT_ONCE = 8;

/** Some rows of a statement were known and some were new, and nothing tells which. */
export class MixedRowsError extends Error {}

/** Inserts rows of requests within a transaction, and leaves out those that are known. */
export class UsageInsert {
  readonly #one: StatementSync;
  readonly #several: StatementSync;
  readonly #values: SQLInputValue[] = Array.from<null>({ length: ROWS_AT_ONCE * COLUMNS.length }).fill(null);

  constructor(database: DatabaseSync) {
    // An error undoes the whole transaction. With FAIL a statement does not keep copies of the pages that it writes, to undo itself; nor may it
    // call a function, which could fail: with these copies, rows of many keys take more time together than alone.
    const insert = (rows: number): string =>
      `INSERT OR FAIL INTO usage (${COLUMNS.join(', ')}) VALUES ${Array.from({ length: rows }, () => MARKS).join(', ')}
       ON CONFLICT (id) DO NOTHING`;
    this.#one = database.prepare(insert(1));
    this.#several = database.prepare(insert(ROWS_AT_ONCE));
  }

  /** Inserts rows, several at once; returns those that were new. Throws a {@link MixedRowsError}, behind which the transaction has to be undone. */
  together(rows: readonly UsageRow[]): readonly UsageRow[] {
    const added: UsageRow[] = [];
    let from = 0;
    for (; from + ROWS_AT_ONCE <= rows.length; from += ROWS_AT_ONCE) {
      const some = rows.slice(from, from + ROWS_AT_ONCE);
      let at = 0;
      for (const row of some) {
        setColumns(this.#values, at, row);
        at += COLUMNS.length;
      }
      const changes = Number(this.#several.run(...this.#values).changes);
      if (changes === 0) continue;
      if (changes < ROWS_AT_ONCE) throw new MixedRowsError();
      added.push(...some);
    }
    return [...added, ...this.oneByOne(rows.slice(from))];
  }

  oneByOne(rows: readonly UsageRow[]): readonly UsageRow[] {
    const values = this.#values.slice(0, COLUMNS.length);
    return rows.filter((row) => {
      setColumns(values, 0, row);
      return this.#one.run(...values).changes !== 0;
    });
  }
}

/** Sets the values of a row from a place on. */
function setColumns(values: SQLInputValue[], from: number, row: UsageRow): void {
  const [tags, price] = [row[5], row[23]];
  values[from] = Buffer.from(row[0], 'hex');
  for (let column = 1; column < COLUMNS.length - 1; column += 1) values[from + column] = row[column] as SQLInputValue;
  // The value behind the other columns is no column.
  values[from + 5] = tags.length === 0 ? null : JSON.stringify(tags);
  values[from + COLUMNS.length - 1] = price === undefined ? null : JSON.stringify(price);
}
