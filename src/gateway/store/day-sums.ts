import { leastUsageIdText, usageTimeOf, type UsageRow } from './usage-line.ts';
import { DAY_MS, type UsageDimension } from './usage-store.ts';

/** The sums of a value on a day. */
export interface DaySums {
  readonly dimension: UsageDimension;
  readonly day: number;
  readonly value: string;
  requests: number;
  unanswered: number;
  lost: number;
  promptTokens: number;
  completionTokens: number;
  cost: number;
}

type OfDay = Readonly<Record<UsageDimension, Map<string, DaySums>>>;

/** The sums of days of some rows: by day, dimension and value, since names that are joined for each row take a µs. */
export class DaysOfRows {
  readonly #days = new Map<number, OfDay>();
  /** The day of the last row, and the ids between which rows are of that day: a number is read out of an id in ten times the time of a comparison. */
  #ofDay: OfDay | undefined;
  #day = 0;
  #from = '';
  #to = '';

  add(row: UsageRow): void {
    const [id, keyId, teamId, userId, endUser, tags] = [row[0], row[1], row[2], row[3], row[4], row[5]];
    let ofDay = this.#ofDay;
    if (ofDay === undefined || id < this.#from || id >= this.#to) ofDay = this.#turnTo(id);
    const day = this.#day;
    count(ofDay, 'day', day, '', row);
    count(ofDay, 'key', day, keyId ?? '', row);
    count(ofDay, 'team', day, teamId ?? '', row);
    count(ofDay, 'user', day, endUser ?? userId ?? '', row);
    count(ofDay, 'model', day, row[8] ?? '', row);
    count(ofDay, 'backend', day, row[10] ?? '', row);
    if (tags.length > 0) for (const tag of new Set(tags)) count(ofDay, 'tag', day, tag, row);
  }

  #turnTo(id: string): OfDay {
    const day = Math.floor(usageTimeOf(id) / DAY_MS);
    let ofDay = this.#days.get(day);
    if (ofDay === undefined) this.#days.set(day, (ofDay = emptyDay()));
    [this.#ofDay, this.#day] = [ofDay, day];
    [this.#from, this.#to] = [leastUsageIdText(day * DAY_MS), leastUsageIdText((day + 1) * DAY_MS)];
    return ofDay;
  }

  /** All of them, in one order, whatever that of the requests. */
  all(): readonly DaySums[] {
    const all = [...this.#days.values()].flatMap((ofDay) => Object.values(ofDay).flatMap((sums) => [...sums.values()]));
    return all.toSorted(
      (a, b) => compared(a.dimension, b.dimension) || compared(a.day, b.day) || compared(a.value, b.value),
    );
  }
}

function count(ofDay: OfDay, dimension: UsageDimension, day: number, value: string, row: UsageRow): void {
  let sum = ofDay[dimension].get(value);
  if (sum === undefined) {
    sum = { dimension, day, value, requests: 0, unanswered: 0, lost: 0, promptTokens: 0, completionTokens: 0, cost: 0 };
    ofDay[dimension].set(value, sum);
  }
  const ended = row[13];
  sum.requests += 1;
  if (ended !== 'answered') sum.unanswered += 1;
  if (ended === 'lost') sum.lost += 1;
  sum.promptTokens += row[14];
  sum.completionTokens += row[15];
  sum.cost += row[17];
}

function emptyDay(): OfDay {
  return {
    day: new Map(),
    key: new Map(),
    team: new Map(),
    user: new Map(),
    model: new Map(),
    backend: new Map(),
    tag: new Map(),
  };
}

function compared<T extends string | number>(one: T, other: T): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
