import { isOrdinaryText, type Secret } from '../core/secret.ts';

const MASK = '[redacted]';

// Patterns of secrets that were never registered: API keys, credentials in URLs and headers, private keys.
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\bsk-[A-Za-z0-9_-]{8,}/g, `sk-${MASK}`],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"'<>]+@/gi, `$1${MASK}@`],
  [/(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}/gi, `$1${MASK}`],
  [/(\bsshpass\s+(?:-[A-Za-z]+\s+)*?-p\s*)(?:"[^"]*"|'[^']*'|\S+)/g, `$1${MASK}`],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, MASK],
];

/** Masks secrets in all that is shown or kept. */
export interface Redaction {
  /**
   * Masks this value from now on: as it is, and its forms in JSON, URLs, base64 and shell quotes. A value that ordinary text may
   * hold is refused, and the result is false: masking `dev` in a host's name would tell the password.
   */
  add(secret: Secret): boolean;
  text(text: string): string;
  /** Copies a value as plain JSON data, with every string and key redacted. Numbers and booleans stay. */
  data(value: unknown): unknown;
}

/** Creates a redaction with the patterns of secrets and no registered ones. */
export function createRedaction(): Redaction {
  let known: readonly string[] = [];
  const text = (raw: string): string => {
    const masked = known.reduce((line, form) => line.replaceAll(form, MASK), raw);
    return PATTERNS.reduce((line, [pattern, mask]) => line.replaceAll(pattern, mask), masked);
  };
  return {
    text,
    // Longest first: a shorter form would leave the rest of a longer one that contains it.
    add: (secret) => {
      if (isOrdinaryText(secret.reveal().trim())) return false;
      known = [...new Set([...known, ...formsOf(secret.reveal())])].toSorted((a, b) => b.length - a.length);
      return true;
    },
    data: (value) => walk(value, text),
  };
}

function formsOf(value: string): readonly string[] {
  const forms = [
    value,
    value.trim(),
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    Buffer.from(value).toString('base64'),
    value.replaceAll("'", String.raw`'\''`),
  ];
  return forms.filter((form) => form !== '');
}

function walk(value: unknown, text: (raw: string) => string): unknown {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'bigint') return text(String(value));
  if (typeof value !== 'object' || value === null) return value;
  // Dates, URLs and Secrets define their own JSON form.
  if ('toJSON' in value && typeof value.toJSON === 'function') return walk((value.toJSON as () => unknown)(), text);
  if (value instanceof Error) return walk({ name: value.name, message: value.message }, text);
  if (value instanceof Map) return walk(Object.fromEntries(value), text);
  if (value instanceof Set) return walk([...value], text);
  if (Array.isArray(value)) return value.map((item) => walk(item, text));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [text(key), walk(item, text)]));
}
