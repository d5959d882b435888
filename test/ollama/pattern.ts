/**
 * The expected shape of a response: a literal, a regular expression, a predicate, or arrays and objects of these. An object has
 * exactly the keys of its pattern.
 */
export type Pattern =
  | string
  | number
  | boolean
  | null
  | RegExp
  | ((value: unknown) => boolean)
  | Maybe
  | readonly Pattern[]
  | { readonly [key: string]: Pattern };

/** A key that may be absent. */
export class Maybe {
  readonly pattern: Pattern;

  constructor(pattern: Pattern) {
    this.pattern = pattern;
  }
}

/** A key that may be absent, with its pattern. */
export function maybe(pattern: Pattern): Maybe {
  return new Maybe(pattern);
}

export function text(value: unknown): boolean {
  return typeof value === 'string';
}

/** A whole number above zero. Counts and durations that are zero are absent. */
export function count(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 0;
}

export function number(value: unknown): boolean {
  return typeof value === 'number';
}

/** A time as Go formats it: RFC 3339, with up to nine digits of a second. */
export function time(value: unknown): boolean {
  return (
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{0,8}[1-9])?(?:Z|[+-]\d\d:\d\d)$/.test(value)
  );
}

/** A list whose members all match this; at least one by default. */
export function listOf(pattern: Pattern, min = 1): (value: unknown) => boolean {
  return (value) =>
    Array.isArray(value) && value.length >= min && value.every((one) => mismatchOf(one, pattern) === undefined);
}

/** Where and how a value differs from its pattern; `undefined` if it matches. */
export function mismatchOf(value: unknown, pattern: Pattern, path = '$'): string | undefined {
  if (pattern instanceof Maybe) return mismatchOf(value, pattern.pattern, path);
  if (typeof pattern === 'function')
    return pattern(value)
      ? undefined
      : `${path}: not ${pattern.name === '' ? 'as expected' : pattern.name}: ${JSON.stringify(value)}`;
  if (pattern instanceof RegExp)
    return typeof value === 'string' && pattern.test(value)
      ? undefined
      : `${path}: expected ${String(pattern)}, found ${JSON.stringify(value)}`;
  if (Array.isArray(pattern)) return mismatchOfArray(value, pattern, path);
  if (typeof pattern === 'object' && pattern !== null)
    return mismatchOfObject(value, pattern as { readonly [key: string]: Pattern }, path); // arrays and regular expressions were handled above
  return value === pattern ? undefined : `${path}: expected ${JSON.stringify(pattern)}, found ${JSON.stringify(value)}`;
}

function mismatchOfArray(value: unknown, pattern: readonly Pattern[], path: string): string | undefined {
  if (!Array.isArray(value) || value.length !== pattern.length)
    return `${path}: expected ${String(pattern.length)} members, found ${JSON.stringify(value)}`;
  return pattern
    .map((one, index) => mismatchOf(value[index], one, `${path}[${String(index)}]`))
    .find((found) => found !== undefined);
}

function mismatchOfObject(
  value: unknown,
  pattern: { readonly [key: string]: Pattern },
  path: string,
): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return `${path}: expected an object, found ${JSON.stringify(value)}`;
  const entries = new Map(Object.entries(value));
  const surplus = [...entries.keys()].find((key) => !(key in pattern));
  if (surplus !== undefined)
    return `${path}.${surplus}: there although it should be absent: ${JSON.stringify(entries.get(surplus))}`;
  for (const [key, one] of Object.entries(pattern)) {
    const found = entries.has(key)
      ? mismatchOf(entries.get(key), one, `${path}.${key}`)
      : one instanceof Maybe
        ? undefined
        : `${path}.${key}: absent`;
    if (found !== undefined) return found;
  }
  return undefined;
}
