import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { leastUsageId, usageTimeOf } from './usage-line.ts';
import { DAY_MS } from './usage-rows.ts';
import type { StoredUsage, UsageDimension, UsageFilter, UsagePage, UsageSum } from './usage-store.ts';

/** Most sums of an answer: a client may invent names of users. */
const MOST_SUMS = 10_000;

/** Answers questions about stored usage, in the thread of the database. */
export class UsageReader {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** The sums of each value over days from `fromMs` to before `toMs`: days in their order, else the most tokens first. */
  sums(by: UsageDimension, fromMs: number, toMs: number): readonly UsageSum[] {
    const [value, order] =
      by === 'day' ? ['day', 'value'] : ['value', 'sum(prompt_tokens + completion_tokens) DESC, value'];
    const rows = this.#database
      .prepare(
        `SELECT ${value} AS value, sum(requests) AS requests, sum(unanswered) AS unanswered, sum(lost) AS lost,
         sum(prompt_tokens) AS prompt, sum(completion_tokens) AS completion, sum(cost) AS cost
         FROM usage_days WHERE dimension = ? AND day >= ? AND day < ? GROUP BY 1 ORDER BY ${order} LIMIT ?`,
      )
      .all(by, Math.floor(fromMs / DAY_MS), Math.ceil(toMs / DAY_MS), MOST_SUMS);
    const names = by === 'key' || by === 'team' ? this.#names(by === 'key' ? 'keys' : 'teams') : undefined;
    return rows.map((row) => {
      const text = by === 'day' ? dayText(Number(row['value'])) : String(row['value']);
      return {
        value: text,
        name: names?.get(text),
        requests: Number(row['requests']),
        unanswered: Number(row['unanswered']),
        lost: Number(row['lost']),
        promptTokens: Number(row['prompt']),
        completionTokens: Number(row['completion']),
        cost: Number(row['cost']),
      };
    });
  }

  /** Rows of a filter, the latest first. */
  rows(filter: UsageFilter, limit: number, offset: number): readonly StoredUsage[] {
    const { where, values } = conditionsOf(filter);
    return this.#database
      .prepare(`SELECT *, lower(hex(id)) AS hex FROM usage WHERE ${where} ORDER BY id DESC LIMIT ? OFFSET ?`)
      .all(...values, limit, offset)
      .map((row) => {
        const id = String(row['hex']);
        return { ...row, id, atMs: usageTimeOf(id), tags: tagsIn(row['tags']) } as unknown as StoredUsage;
      });
  }

  /** The costs of a filter by day, and on each day by user and by model. */
  costs(filter: UsageFilter): UsagePage['days'] {
    const { where, values } = conditionsOf(filter);
    const days = new Map<string, { spend: number; users: Record<string, number>; models: Record<string, number> }>();
    // The first six bytes of an id are its time, as a number of 12 digits in base 16.
    const rows = this.#database
      .prepare(
        `SELECT substr(hex(id), 1, 12) AS at, ifnull(end_user, ifnull(user_id, '')) AS who, ifnull(model, '') AS model, cost
         FROM usage WHERE ${where} ORDER BY id LIMIT ?`,
      )
      .iterate(...values, MOST_COSTS);
    for (const row of rows) {
      const day = dayText(Math.floor(Number.parseInt(String(row['at']), 16) / DAY_MS));
      const sums = days.get(day) ?? { spend: 0, users: {}, models: {} };
      days.set(day, sums);
      const cost = Number(row['cost']);
      const [who, model] = [String(row['who']), String(row['model'])];
      sums.spend += cost;
      sums.users[who] = (sums.users[who] ?? 0) + cost;
      sums.models[model] = (sums.models[model] ?? 0) + cost;
    }
    return [...days].map(([day, sums]) => ({ day, ...sums }));
  }

  #names(table: string): ReadonlyMap<string, string> {
    const rows = this.#database.prepare(`SELECT id, alias FROM ${table} WHERE alias IS NOT NULL`).all();
    return new Map(rows.map(({ id, alias }) => [String(id), String(alias)]));
  }
}

/** Most rows that are added up for one answer. */
const MOST_COSTS = 200_000;

function conditionsOf({ id, keyId, userId, fromMs, toMs }: UsageFilter): {
  readonly where: string;
  readonly values: readonly SQLInputValue[];
} {
  const parts: [string, SQLInputValue][] = [];
  if (id !== undefined) parts.push(['id = ?', Buffer.from(id, 'hex')]);
  if (keyId !== undefined) parts.push(['key_id = ?', keyId]);
  if (userId !== undefined) parts.push(['user_id = ?', userId]);
  if (fromMs !== undefined) parts.push(['id >= ?', leastUsageId(fromMs)]);
  if (toMs !== undefined) parts.push(['id < ?', leastUsageId(toMs)]);
  return {
    where: parts.length === 0 ? 'true' : parts.map(([sql]) => sql).join(' AND '),
    values: parts.map(([, value]) => value),
  };
}

function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

function tagsIn(text: unknown): readonly string[] {
  // This program wrote it.
  return typeof text === 'string' ? (JSON.parse(text) as readonly string[]) : [];
}
