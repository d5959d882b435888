import { performance } from 'node:perf_hooks';

/** Milliseconds of a clock that never jumps. */
export function nowMs(): number {
  return performance.now();
}

/** The present time as Go writes it: RFC 3339 with nanoseconds, their last zeros left out. */
export function timestamp(): string {
  const ms = performance.timeOrigin + performance.now();
  return goTime(new Date(Math.floor(ms)), Math.floor((ms % 1) * 1e6));
}

/** A date as Go writes it, with the nanoseconds below its millisecond. */
export function goTime(date: Date, belowMs = 0): string {
  const whole = date.toISOString();
  const fraction = `${whole.slice(20, 23)}${String(belowMs).padStart(6, '0')}`.replace(/0+$/, '');
  return `${whole.slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** A duration in nanoseconds, as Ollama counts; none at all is absent from its JSON. */
export function nanoseconds(ms: number): number | undefined {
  const whole = Math.round(ms * 1e6);
  return whole === 0 ? undefined : whole;
}

/** A count, absent from the JSON when it is zero. */
export function count(number: number): number | undefined {
  return number === 0 ? undefined : number;
}
