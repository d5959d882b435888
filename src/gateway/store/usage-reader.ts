import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { leastUsageId, usageTimeOf, type UsagePrice } from './usage-line.ts';
import {
  DAY_MS,
  type StoredUsage,
  type SumQuery,
  type UsageFilter,
  type UsageQuery,
  type UsageSum,
} from './usage-store.ts';

/** Most sums of an answer: a client may invent names of users. */
const MOST_SUMS = 10_000;

/** Answers questions about stored usage, in the thread of the database. */
export class UsageReader {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** The sums of each value: days in their order, else the most tokens first. */
  sums({ by, fromMs, toMs }: SumQuery): readonly UsageSum[] {
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
    const nameOf = (text: string): string => {
      if (text === '') return by === 'key' ? 'master key' : '-';
      // A team of the operator's files has its alias as its id.
      return names?.get(text) ?? text;
    };
    return rows.map((row) => {
      const text = by === 'day' ? dayText(Number(row['value'])) : String(row['value']);
      const [prompt, completion] = [Number(row['prompt']), Number(row['completion'])];
      return {
        value: text,
        name: nameOf(text),
        requests: Number(row['requests']),
        unanswered: Number(row['unanswered']),
        lost: Number(row['lost']),
        prompt_tokens: prompt,
        completion_tokens: completion,
        total_tokens: prompt + completion,
        cost: Number(row['cost']),
      };
    });
  }

  /** The cost of all requests on days before a moment. */
  costBefore(toMs: number): number {
    const row = this.#database
      .prepare(`SELECT sum(cost) AS cost FROM usage_days WHERE dimension = 'day' AND day < ?`)
      .get(Math.ceil(toMs / DAY_MS));
    return Number(row?.['cost'] ?? 0);
  }

  /** Rows of a filter, the latest first. */
  rows({ filter, limit, offset }: UsageQuery): readonly StoredUsage[] {
    const { where, values } = conditionsOf(filter);
    return this.#database
      .prepare(`SELECT *, lower(hex(id)) AS hex FROM usage WHERE ${where} ORDER BY id DESC LIMIT ? OFFSET ?`)
      .all(...values, limit, offset)
      .map((row) => {
        const id = String(row['hex']);
        return {
          ...row,
          id,
          atMs: usageTimeOf(id),
          tags: tagsIn(row['tags']),
          price: priceIn(row['price']),
        } as unknown as StoredUsage;
      });
  }

  /** The costs of a filter on a day of UTC, by user and by model; `undefined` without rows. */
  costs(filter: UsageFilter, dayMs: number): object | undefined {
    const { where, values } = conditionsOf({
      ...filter,
      fromMs: Math.max(dayMs, filter.fromMs ?? dayMs),
      toMs: Math.min(dayMs + DAY_MS, filter.toMs ?? Infinity),
    });
    const rows = this.#database
      .prepare(
        `SELECT ifnull(end_user, ifnull(user_id, '')) AS who, ifnull(model, '') AS model, sum(cost) AS cost
         FROM usage WHERE ${where} GROUP BY 1, 2`,
      )
      .all(...values);
    if (rows.length === 0) return undefined;
    let spend = 0;
    // Clients choose these names, also `__proto__`.
    const [users, models] = [new Map<string, number>(), new Map<string, number>()];
    for (const row of rows) {
      const cost = Number(row['cost']);
      const [who, model] = [String(row['who']), String(row['model'])];
      spend += cost;
      users.set(who, (users.get(who) ?? 0) + cost);
      models.set(model, (models.get(model) ?? 0) + cost);
    }
    return {
      startTime: dayText(Math.floor(dayMs / DAY_MS)),
      spend,
      users: Object.fromEntries(users),
      models: Object.fromEntries(models),
    };
  }

  #names(table: string): ReadonlyMap<string, string> {
    const rows = this.#database.prepare(`SELECT id, alias FROM ${table} WHERE alias IS NOT NULL`).all();
    return new Map(rows.map(({ id, alias }) => [String(id), String(alias)]));
  }
}

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

function priceIn(text: unknown): UsagePrice | null {
  // This program wrote it.
  return typeof text === 'string' ? (JSON.parse(text) as UsagePrice) : null;
}

function tagsIn(text: unknown): readonly string[] {
  // This program wrote it.
  return typeof text === 'string' ? (JSON.parse(text) as readonly string[]) : [];
}
