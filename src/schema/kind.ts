import { isObject } from '../core/json.ts';
/** What a value may be: `read` gives it in its type, or `undefined` when it is something else. */
export interface Kind<T> {
  /** Completes "wanted …". */
  readonly wanted: string;
  read(value: unknown): T | undefined;
}

function kind<T>(wanted: string, read: (value: unknown) => T | undefined): Kind<T> {
  return { wanted, read };
}

// `os.environ/NAME` only ever gives text, and LiteLLM takes numbers in quotes.
function asNumber(value: unknown): number | undefined {
  const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof read === 'number' && Number.isFinite(read) ? read : undefined;
}

/** Text that is not empty. */
export const text: Kind<string> = kind('text', (value) =>
  typeof value === 'string' && value !== '' ? value : undefined,
);

const YES: ReadonlySet<unknown> = new Set([true, 'true', 'yes', 'on']);
const NO: ReadonlySet<unknown> = new Set([false, 'false', 'no', 'off']);

/** `true` or `false`; also as YAML 1.1 writes them, which is what LiteLLM reads. */
export const flag: Kind<boolean> = kind('true or false', (value) => {
  const word = typeof value === 'string' ? value.toLowerCase() : value;
  return YES.has(word) ? true : NO.has(word) ? false : undefined;
});

/** Anything at all. */
export const anything: Kind<unknown> = kind('anything', (value) => value);

/** A list of anything. */
export const list: Kind<readonly unknown[]> = kind('a list', (value) => (Array.isArray(value) ? value : undefined));

/** A mapping of keys to anything. */
export const mapping: Kind<Readonly<Record<string, unknown>>> = kind('a mapping', (value) =>
  isObject(value) ? value : undefined,
);

/** A number of at least `min`. */
export function number(min = -Infinity): Kind<number> {
  return kind(min === -Infinity ? 'a number' : `a number of at least ${String(min)}`, (value) => {
    const read = asNumber(value);
    return read !== undefined && read >= min ? read : undefined;
  });
}

/** A whole number of at least `min`. */
export function whole(min: number): Kind<number> {
  return kind(`a whole number of at least ${String(min)}`, (value) => {
    const read = asNumber(value);
    return read !== undefined && Number.isSafeInteger(read) && read >= min ? read : undefined;
  });
}

/** One of the given words. */
export function oneOf<const W extends string>(...words: readonly W[]): Kind<W> {
  return kind(`one of ${words.join(', ')}`, (value) => words.find((word) => word === value));
}

/** An http or https address, without its trailing slashes. */
export const httpUrl: Kind<string> = kind('an http:// or https:// address', (value) => {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  if (
    (url.protocol !== 'http:' && url.protocol !== 'https:') ||
    url.search !== '' ||
    url.hash !== '' ||
    url.username !== ''
  )
    return undefined;
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
});

/** How long Ollama keeps a model: seconds as a number (negative: for ever), or a Go duration; `"300"` is neither, and Ollama refuses it. */
export const keepAlive: Kind<number | string> = kind(
  'seconds as a number without quotes, or a duration such as "5m"',
  (value) => {
    if (typeof value === 'number') return value;
    return typeof value === 'string' && /^-?(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(value) ? value : undefined;
  },
);
