/** The time that a part of the log begins at. */
export interface LogStart {
  /** For `--since` of journalctl, by the clock of the host. */
  readonly journal: string;
  /** Milliseconds since 1970, for a log that is a file; undefined for words that journalctl alone knows. */
  readonly atMs: number | undefined;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
// The spellings of systemd.time(7), which has M for months.
const SPAN =
  /^(?<sign>-?)(?<count>\d+)\s*(?<unit>s|sec|seconds?|m|min|minutes?|h|hr|hours?|d|days?|w|weeks?)(?<ago>\s+ago)?$/;

/** Reads a time as an operator writes it: `5m`, `1 hour ago`, `2026-11-01 12:00`. A bare span is one before now, as other programs have it; journalctl refuses it. */
export function readLogStart(text: string, nowMs: number): LogStart {
  const { sign, count, unit, ago } = SPAN.exec(text.trim())?.groups ?? {};
  if (count === undefined || unit === undefined) {
    const atMs = Date.parse(text);
    return { journal: text, atMs: Number.isNaN(atMs) ? undefined : atMs };
  }
  const isWritten = sign === '-' || ago !== undefined;
  return {
    journal: isWritten ? text : `-${count}${unit}`,
    atMs: nowMs - Number(count) * (UNITS[unit.charAt(0)] ?? 0),
  };
}
