import { createHmac } from 'node:crypto';
import type { Secret } from './secret.ts';

/** HMAC-SHA-256 of a text: equal texts give equal hashes under one key, and without the key no guess of a text can be tried. */
export function keyedHash(key: Secret, text: string): string {
  return createHmac('sha256', key.reveal()).update(text).digest('hex');
}
