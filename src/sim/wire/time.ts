import { performance } from 'node:perf_hooks';

/** Milliseconds of a monotonic clock. */
export function nowMs(): number {
  return performance.now();
}

/** The current time as Go formats it: RFC 3339 with nanoseconds, without zeros at the end. */
export function timestamp(): string {
  const ms = performance.timeOrigin + performance.now();
  return goTime(new Date(Math.floor(ms)), Math.floor((ms % 1) * 1e6));
}

/** A date as Go formats it. `belowMs` are the nanoseconds below its millisecond. */
export function goTime(date: Date, belowMs = 0): string {
  const whole = date.toISOString();
  const fraction = `${whole.slice(20, 23)}${String(belowMs).padStart(6, '0')}`.replace(/0+$/, '');
  return `${whole.slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** A duration in nanoseconds, as Ollama reports it; undefined (absent from the JSON) if it is zero. */
export function nanoseconds(ms: number): number | undefined {
  const whole = Math.round(ms * 1e6);
  return whole === 0 ? undefined : whole;
}

/** A count; undefined (absent from the JSON) if it is zero. */
export function count(number: number): number | undefined {
  return number === 0 ? undefined : number;
}
