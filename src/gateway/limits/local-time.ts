const HOUR_MS = 3_600_000;
/** Clocks are set back by less: by an hour, or in one place by two. */
const SET_BACK_MS = 3 * HOUR_MS;
/** Clocks differ from UTC by less, also where a place changes over to the other side of the date line. */
const MOST_OFFSET_MS = 27 * HOUR_MS;

const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * The time on the clocks of a time zone, written as if it were UTC. It never goes back: in the hour that clocks show twice it stands still at
 * the end of that hour, so that each moment lies in one period, and each period ends.
 */
export function localMs(dateMs: number, timeZone: string): number {
  if (timeZone === 'UTC') return dateMs;
  const shown = clockMs(dateMs, timeZone);
  const before = clockMs(dateMs - SET_BACK_MS, timeZone) + SET_BACK_MS;
  if (before <= shown) return shown;
  // Set back within the last hours: the first moment of the new time.
  const offsetMs = shown - dateMs;
  const changeMs = firstMs(dateMs - SET_BACK_MS, dateMs, (ms) => clockMs(ms, timeZone) - ms <= offsetMs);
  return Math.max(shown, before - dateMs + changeMs);
}

/** The first moment at which that time has come; of a time that clocks leave out it is the moment of their change. */
export function utcMs(local: number, timeZone: string): number {
  if (timeZone === 'UTC') return local;
  const hasCome = (ms: number): boolean => localMs(ms, timeZone) >= local;
  // Nearly always the clocks are the same at the guess.
  const guess = local - (clockMs(local, timeZone) - local);
  const found = local - (clockMs(guess, timeZone) - guess);
  if (hasCome(found) && !hasCome(found - 1)) return found;
  return firstMs(local - MOST_OFFSET_MS, local + MOST_OFFSET_MS, hasCome);
}

/** The first whole ms for which something holds, that holds for the last one and from some moment on. */
function firstMs(fromMs: number, toMs: number, holds: (ms: number) => boolean): number {
  let [low, high] = [Math.floor(fromMs), Math.ceil(toMs)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

function clockMs(dateMs: number, timeZone: string): number {
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
  return seconds + (((dateMs % 1000) + 1000) % 1000);
}
