import type { LimitUnit, NearestLimit, NearestLimits } from './nearest-limits.ts';

/**
 * OpenAI's and Anthropic's headers about the limits that are nearest, as lines of a head; clients read the ones that they know. `dateMs` is now,
 * since 1970.
 */
export function limitLines({ requests, tokens }: NearestLimits, dateMs: number): string {
  return (
    (requests === undefined ? '' : linesOf('requests', requests, dateMs)) +
    (tokens === undefined ? '' : linesOf('tokens', tokens, dateMs))
  );
}

/** Adds the same headers to others. */
export function limitHeaders(headers: Record<string, string>, nearest: NearestLimits, dateMs: number): void {
  for (const line of limitLines(nearest, dateMs).split('\r\n')) {
    const [name = '', value] = line.split(': ', 2);
    if (value !== undefined) headers[name] = value;
  }
}

/** The part of the lines of a limit that changes only once a second. */
interface Head {
  readonly reset: string;
  readonly date: string;
  readonly text: string;
}

/** By limit: most keys have one of a few. */
const MOST_HEADS = 100;
const heads: Readonly<Record<LimitUnit, Map<number, Head>>> = { requests: new Map(), tokens: new Map() };

function linesOf(unit: LimitUnit, nearest: NearestLimit, dateMs: number): string {
  const [reset, date] = [resetDuration(nearest.resetMs), resetDate(nearest, dateMs)];
  const known = heads[unit].get(nearest.limit);
  const head = known?.reset === reset && known.date === date ? known : newHead(unit, nearest.limit, reset, date);
  const remaining = String(nearest.remaining);
  return `${head.text}${remaining}\r\nanthropic-ratelimit-${unit}-remaining: ${remaining}\r\n`;
}

function newHead(unit: LimitUnit, limit: number, reset: string, date: string): Head {
  // Joined, so that it is one text, and not a tree of parts that each answer would join anew.
  const text = [
    `x-ratelimit-limit-${unit}: ${String(limit)}`,
    `x-ratelimit-reset-${unit}: ${reset}`,
    `anthropic-ratelimit-${unit}-limit: ${String(limit)}`,
    `anthropic-ratelimit-${unit}-reset: ${date}`,
    `x-ratelimit-remaining-${unit}: `,
  ].join('\r\n');
  if (heads[unit].size >= MOST_HEADS) heads[unit].clear();
  const head = { reset, date, text };
  heads[unit].set(limit, head);
  return head;
}

let writtenMs = 0;
let writtenDuration = '0s';

/** Most are those of a minute that has just been used. */
function resetDuration(ms: number): string {
  if (ms !== writtenMs) {
    writtenMs = ms;
    writtenDuration = goDuration(ms);
  }
  return writtenDuration;
}

let writtenS = 0;
let written = '1970-01-01T00:00:00Z';

/** RFC 3339 without fractions, as Anthropic writes it; rounded up, so that the limit is unused then. Most are of the same second as the one before. */
function resetDate({ resetMs }: NearestLimit, dateMs: number): string {
  const second = Math.ceil((dateMs + resetMs) / 1000);
  if (second !== writtenS) {
    writtenS = second;
    written = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
  }
  return written;
}

/** A duration as Go writes it, which clients parse with `time.ParseDuration`: `12ms`, `1.5s`, `1m0s`. */
export function goDuration(ms: number): string {
  const whole = Math.ceil(ms);
  if (whole < 1000) return whole === 0 ? '0s' : `${String(whole)}ms`;
  const [minutes, rest] = [Math.floor(whole / 60_000), whole % 60_000];
  return `${minutes === 0 ? '' : `${String(minutes)}m`}${String(rest / 1000)}s`;
}
