import { exactNumber } from '../core/exact-number.ts';
import type { JsonSchema } from '../core/json-schema.ts';
import { isObject } from '../core/json.ts';

/** The type of a value. `read` returns the value, or `undefined` if it has another type. */
export interface Kind<T> {
  /** Completes "expected …". */
  readonly expected: string;
  /** Accepts at least the values that `read` accepts, and `os.environ/NAME` where the value is no list or mapping. */
  readonly schema: JsonSchema;
  read(value: unknown): T | undefined;
}

function kind<T>(expected: string, schema: JsonSchema, read: (value: unknown) => T | undefined): Kind<T> {
  return { expected, schema, read };
}

/** A pattern for texts: one of the given alternatives, or a reference to an environment variable. */
function orReference(...alternatives: readonly string[]): string {
  return `^(?:${[...alternatives, String.raw`os\.environ/.+`].join('|')})$`;
}

// Numbers may be text: `os.environ/NAME` always gives text, and LiteLLM accepts numbers in quotes. PyYAML reads 32_768 as a number.
function asNumber(value: unknown): number | undefined {
  const read =
    typeof value === 'string' && value.trim() !== '' ? Number(value.replaceAll(/(?<=\d)_(?=\d)/g, '')) : value;
  return typeof read === 'number' && Number.isFinite(read) ? read : undefined;
}

const NUMBER_TEXT = orReference(String.raw`\s*[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*`);

/** Text that is not empty. */
export const text: Kind<string> = kind('text', { type: 'string', minLength: 1 }, (value) =>
  typeof value === 'string' && value !== '' ? value : undefined,
);

const YES: ReadonlySet<unknown> = new Set([true, 'true', 'yes', 'on']);
const NO: ReadonlySet<unknown> = new Set([false, 'false', 'no', 'off']);
const FLAG_TEXT = orReference(
  '[Tt][Rr][Uu][Ee]',
  '[Yy][Ee][Ss]',
  '[Oo][Nn]',
  '[Ff][Aa][Ll][Ss][Ee]',
  '[Nn][Oo]',
  '[Oo][Ff][Ff]',
);

/** `true` or `false`, also in the spellings of YAML 1.1, which LiteLLM reads. */
export const flag: Kind<boolean> = kind(
  'true or false',
  { type: ['boolean', 'string'], pattern: FLAG_TEXT },
  (value) => {
    const word = typeof value === 'string' ? value.toLowerCase() : value;
    return YES.has(word) ? true : NO.has(word) ? false : undefined;
  },
);

/** Any value. */
export const anything: Kind<unknown> = kind('anything', {}, (value) => value);

/** A list of any values. */
export const list: Kind<readonly unknown[]> = kind('a list', { type: 'array' }, (value) =>
  Array.isArray(value) ? value : undefined,
);

/** A mapping of any values. */
export const mapping: Kind<Readonly<Record<string, unknown>>> = kind('a mapping', { type: 'object' }, (value) =>
  isObject(value) ? value : undefined,
);

/** A word, or a value of another kind. */
export function orWord<const W extends string, T>(word: W, other: Kind<T>): Kind<W | T> {
  const schema: JsonSchema = { anyOf: [other.schema, { type: 'string', pattern: orReference(word) }] };
  return kind(`${other.expected}, or ${word}`, schema, (value) => (value === word ? word : other.read(value)));
}

/** The absolute path of a folder; slashes at its end are removed. */
export const absolutePath: Kind<string> = kind(
  'an absolute path',
  { type: 'string', pattern: orReference('/.*') },
  (value) =>
    typeof value === 'string' && value.startsWith('/') && !value.includes('\0')
      ? value.replace(/(?<=.)\/+$/, '')
      : undefined,
);

/** A number of at least `min`. */
export function number(min = -Infinity): Kind<number> {
  const [expected, minimum] =
    min === -Infinity ? ['a number', {}] : [`a number of at least ${String(min)}`, { minimum: min }];
  return kind(expected, { type: ['number', 'string'], ...minimum, pattern: NUMBER_TEXT }, (value) => {
    const read = asNumber(value);
    return read !== undefined && read >= min ? read : undefined;
  });
}

/** A whole number of at least `min`. */
export function whole(min = Number.MIN_SAFE_INTEGER): Kind<number> {
  const [expected, minimum] =
    min === Number.MIN_SAFE_INTEGER
      ? ['a whole number', {}]
      : [`a whole number of at least ${String(min)}`, { minimum: min }];
  return kind(expected, { type: ['integer', 'string'], ...minimum, pattern: NUMBER_TEXT }, (value) => {
    const read = asNumber(value);
    return read !== undefined && Number.isSafeInteger(read) && read >= min ? read : undefined;
  });
}

/** A whole number of 64 bits. Beyond 2^53 it comes as text, and is read as an {@link exactNumber}. */
export const whole64: Kind<unknown> = kind(
  'a whole number of 64 bits',
  { type: ['integer', 'string'], pattern: NUMBER_TEXT },
  (value) => {
    const read = asNumber(value);
    if (Number.isSafeInteger(read)) return read;
    const digits = typeof value === 'string' ? value.trim() : '';
    if (!/^[-+]?\d{1,19}$/.test(digits)) return undefined;
    const exact = BigInt(digits.replace('+', ''));
    return BigInt.asIntN(64, exact) === exact ? exactNumber(exact) : undefined;
  },
);

/** One of the given words. */
export function oneOf<const W extends string>(...words: readonly W[]): Kind<W> {
  const schema: JsonSchema = { anyOf: [{ enum: words }, { type: 'string', pattern: orReference() }] };
  return kind(`one of ${words.join(', ')}`, schema, (value) => words.find((word) => word === value));
}

/** Whether a value is a URL with a user name or a password. */
export function hasCredentials(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username !== '' || password !== '';
}

/** An http or https URL; trailing slashes are removed. */
export const httpUrl: Kind<string> = kind(
  'an http:// or https:// address',
  { type: 'string', pattern: orReference('[Hh][Tt][Tt][Pp][Ss]?://[^?#]+') },
  (value) => {
    if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
    const url = new URL(value);
    if (
      (url.protocol !== 'http:' && url.protocol !== 'https:') ||
      url.search !== '' ||
      url.hash !== '' ||
      hasCredentials(value)
    )
      return undefined;
    return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  },
);

const DURATION = String.raw`-?(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+`;
const DURATION_TEXT = new RegExp(`^${DURATION}$`);

/**
 * Ollama's `keep_alive`: seconds as a number (negative: for ever) or a Go duration. `"300"` is neither, and Ollama
 * refuses it.
 */
export const keepAlive: Kind<number | string> = kind(
  'seconds as a number without quotes, or a duration such as "5m"',
  { type: ['number', 'string'], pattern: orReference(DURATION) },
  (value) => {
    if (typeof value === 'number') return value;
    return typeof value === 'string' && DURATION_TEXT.test(value) ? value : undefined;
  },
);
