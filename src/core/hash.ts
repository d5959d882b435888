import { createHash } from 'node:crypto';

/** The SHA-256 of a text (as UTF-8) or bytes: 64 hexadecimal digits. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A short name for content, for folders: the first 12 hexadecimal digits of the SHA-256 over the given parts, in order. */
export function contentId(...parts: readonly (string | Uint8Array)[]): string {
  return sha256(parts.map((part) => sha256(part)).join('\n')).slice(0, 12);
}
