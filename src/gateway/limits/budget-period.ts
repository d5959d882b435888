import type { BudgetDuration } from '../../core/budget-duration.ts';

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

/**
 * The period that has a moment, by the clock alone, so that no job can be late. Periods begin as LiteLLM's do, in a time zone: seconds,
 * minutes and hours at their multiples since midnight, `1d` at midnight, `7d` and weeks on Monday, `30d` and months on the first. Other
 * days follow each other from 1970-01-01 on, where LiteLLM counts from the day of the last reset. Without a duration there is one period.
 */
export function budgetPeriodAt(duration: BudgetDuration | undefined, dateMs: number, timeZone = 'UTC'): BudgetPeriod {
  if (duration === undefined) return FOREVER;
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

const formats = new Map<string, Intl.DateTimeFormat>();

/** The time on the clocks of a time zone, written as if it were UTC. */
function localMs(dateMs: number, timeZone: string): number {
  if (timeZone === 'UTC') return dateMs;
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(dateMs).map(({ type, value }) => [type, Number(value)]));
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const seconds = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return seconds + modulo(dateMs, 1000);
}

/** The moment at which the clocks of a time zone show a time; a time that a change to summer time leaves out is the moment of the change. */
function utcMs(local: number, timeZone: string): number {
  if (timeZone === 'UTC') return local;
  const guess = local - (localMs(local, timeZone) - local);
  return local - (localMs(guess, timeZone) - guess);
}
