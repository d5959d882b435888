import { hash, randomBytes } from 'node:crypto';

const PREFIX = 'sk-hx-';
const RANDOM_BYTES = 32;
const CHECKSUM_LENGTH = 6;
const LONGEST_ALIAS = 128;
/** Names of callers that have no key of a client. */
const RESERVED: ReadonlySet<string> = new Set(['master', 'anyone']);
const FORM = /^sk-hx-([\w-]{43})([\w-]{6})$/;

/** Makes the text of a client's key: `sk-hx-`, 256 random bits as 43 characters of base64url, and a checksum of 6 characters. */
export function newApiKey(random: Buffer = randomBytes(RANDOM_BYTES)): string {
  const body = random.toString('base64url');
  return PREFIX + body + checksumOf(body);
}

/** The form under which a key is kept: its SHA-256 as 64 hexadecimal digits, as LiteLLM keeps it. One call takes 0.3 µs. */
export function apiKeyHash(key: string): string {
  return hash('sha256', key, 'hex');
}

/** The form of the name of a key, if a text does not have it; completes "expected …". */
export function wantedAlias(alias: string): string | undefined {
  if (RESERVED.has(alias)) return 'another name than master and anyone, which the gateway uses';
  return alias.trim() === '' || alias.length > LONGEST_ALIAS || /\p{C}/u.test(alias) || alias.startsWith('sk-')
    ? `a name of 1 to ${String(LONGEST_ALIAS)} characters, without control characters and not beginning with sk-`
    : undefined;
}

/** Whether a text is a hash of a key. */
export function isApiKeyHash(text: string): boolean {
  return /^[\da-f]{64}$/.test(text);
}

/** Whether a text is meant as a key that hxllm made, but is mistyped or cut off. */
export function isDamagedApiKey(text: string): boolean {
  if (!text.startsWith(PREFIX)) return false;
  const [, body = '', checksum] = FORM.exec(text) ?? [];
  return checksum !== checksumOf(body);
}

function checksumOf(body: string): string {
  return hash('sha256', PREFIX + body, 'base64url').slice(0, CHECKSUM_LENGTH);
}
