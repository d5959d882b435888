import type { BudgetDuration } from '../../core/budget-duration.ts';
import { localMs, utcMs } from './local-time.ts';

/** A period of a budget, in ms since 1970; its end is the beginning of the next one. */
export interface BudgetPeriod {
  readonly startMs: number;
  readonly endMs: number;
}

const DAY_S = 86_400;
const SECONDS = { s: 1, m: 60, h: 3600 } as const;
/** 1970-01-05, a Monday, in days. */
const FIRST_MONDAY = 4;
const FOREVER: BudgetPeriod = { startMs: 0, endMs: Infinity };

/** The latest period of each length and time zone. */
const latest = new Map<string, BudgetPeriod>();
const MOST_LATEST = 1000;

/**
 * The period that has a moment, by the clock alone, so that no job can be late. Periods begin as LiteLLM's do, in a time zone: seconds,
 * minutes and hours at their multiples since midnight, `1d` at midnight, `7d` and weeks on Monday, `30d` and months on the first. Other
 * days follow each other from 1970-01-01 on, where LiteLLM counts from the day of the last reset. Without a duration there is one period.
 */
export function budgetPeriodAt(duration: BudgetDuration | undefined, dateMs: number, timeZone = 'UTC'): BudgetPeriod {
  if (duration === undefined) return FOREVER;
  // At midnight those of all owners begin; to ask for the clocks of a time zone takes some ten µs.
  const name = `${String(duration.count)} ${duration.unit} ${timeZone}`;
  const known = latest.get(name);
  if (known !== undefined && known.startMs <= dateMs && dateMs < known.endMs) return known;
  if (latest.size >= MOST_LATEST) latest.clear();
  const period = periodAt(duration, dateMs, timeZone);
  latest.set(name, period);
  return period;
}

function periodAt(duration: BudgetDuration, dateMs: number, timeZone: string): BudgetPeriod {
  const { count, unit } = duration;
  const local = localMs(dateMs, timeZone);
  const day = Math.floor(local / (DAY_S * 1000));
  const between = (startDay: number, endDay: number): BudgetPeriod => ({
    startMs: utcMs(startDay * DAY_S * 1000, timeZone),
    endMs: utcMs(endDay * DAY_S * 1000, timeZone),
  });
  if (unit === 'mo' || (unit === 'd' && count === 30)) return months(local, unit === 'mo' ? count : 1, between);
  if (unit === 'w' || (unit === 'd' && count === 7)) {
    const days = unit === 'w' ? count * 7 : 7;
    const start = day - modulo(day - FIRST_MONDAY, days);
    return between(start, start + days);
  }
  if (unit === 'd') {
    const start = day - modulo(day, count);
    return between(start, start + count);
  }
  return ofClock(local, count * SECONDS[unit], timeZone);
}

function months(
  local: number,
  count: number,
  between: (startDay: number, endDay: number) => BudgetPeriod,
): BudgetPeriod {
  const date = new Date(local);
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth();
  const start = month - modulo(month, count);
  const dayOf = (one: number): number => Date.UTC(Math.floor(one / 12), modulo(one, 12)) / (DAY_S * 1000);
  return between(dayOf(start), dayOf(start + count));
}

/** A period within a day ends at midnight at the latest; a longer one counts from 1970 on. */
function ofClock(local: number, seconds: number, timeZone: string): BudgetPeriod {
  const lengthMs = seconds * 1000;
  const midnight = seconds > DAY_S ? 0 : Math.floor(local / (DAY_S * 1000)) * DAY_S * 1000;
  const start = midnight + Math.floor((local - midnight) / lengthMs) * lengthMs;
  const end = seconds > DAY_S ? start + lengthMs : Math.min(start + lengthMs, midnight + DAY_S * 1000);
  return { startMs: utcMs(start, timeZone), endMs: utcMs(end, timeZone) };
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
