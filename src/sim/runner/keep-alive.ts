import { Refusal } from '../wire/refusal.ts';
import { goTypeOf } from '../wire/fields.ts';

/** Time that an idle model stays in memory, in milliseconds. `Infinity`: for ever. */
export type KeepAlive = number;

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Reads `keep_alive`: a number of seconds or a Go duration. A negative value is for ever; an absent one is `undefined`.
 * Refuses with Go's texts.
 */
export function readKeepAlive(value: unknown): KeepAlive | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' && typeof value !== 'string')
    throw new Refusal(400, `Unsupported type: '${goTypeOf(value)}'`);
  const ms = typeof value === 'number' ? value * 1000 : parseDuration(value);
  return ms < 0 ? Infinity : ms;
}

/** Parses a Go duration (`1h30m`, `-1s`, `0`) into milliseconds. Refuses with the texts of `time.ParseDuration`. */
export function parseDuration(text: string): number {
  const quoted = JSON.stringify(text);
  const signed = /^[+-]/.test(text);
  let rest = signed ? text.slice(1) : text;
  if (rest === '0') return 0;
  if (rest === '') throw new Refusal(400, `time: invalid duration ${quoted}`);
  let ms = 0;
  while (rest !== '') {
    const number = /^(?:\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) throw new Refusal(400, `time: invalid duration ${quoted}`);
    rest = rest.slice(number.length);
    const unit = /^[^\d.]+/.exec(rest)?.[0];
    if (unit === undefined) throw new Refusal(400, `time: missing unit in duration ${quoted}`);
    const scale = UNITS[unit];
    if (scale === undefined) throw new Refusal(400, `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    rest = rest.slice(unit.length);
    ms += Number(number) * scale;
  }
  return text.startsWith('-') ? -ms : ms;
}
