const FORM = /^(\d{4})-(\d\d)-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/**
 * A time as ISO 8601 writes it, in ms since 1970: a date and a time with `Z` or an offset, or a date alone, which is its beginning in UTC.
 * `undefined` for anything else, also for a day that its month does not have.
 */
export function instantOf(text: string): number | undefined {
  const [, year, month, day] = FORM.exec(text) ?? [];
  if (day === undefined) return undefined;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  // Date.parse takes the 30th of February for the first of March or so.
  if (date.getUTCMonth() + 1 !== Number(month) || date.getUTCDate() !== Number(day)) return undefined;
  const parsed = Date.parse(text);
  return Number.isNaN(parsed) ? undefined : parsed;
}
