const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};
const WORDS: Readonly<Record<string, string>> = { hourly: '1h', daily: '1d', weekly: '7d', monthly: '1mo' };

/** The forms of a duration, for messages. */
export const DURATION_FORMS = 'a duration such as 30s, 30m, 12h, 30d, 2w or 1mo';

/** The end of a duration that begins at a time in ms since 1970; `undefined` for a text that is none. A month is a calendar month. */
export function endOfDuration(text: string, fromMs: number): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,6})(s|m|h|d|w|mo)$/.exec(WORDS[text] ?? text) ?? [];
  const count = Number(digits);
  if (digits === undefined || count === 0) return undefined;
  if (unit !== 'mo') return fromMs + count * (UNIT_MS[unit] ?? 0);
  const from = new Date(fromMs);
  const day = from.getUTCDate();
  from.setUTCDate(1);
  from.setUTCMonth(from.getUTCMonth() + count);
  const last = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1, 0)).getUTCDate();
  from.setUTCDate(Math.min(day, last));
  return from.getTime();
}
