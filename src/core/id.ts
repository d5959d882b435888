import { randomUUID } from 'node:crypto';

/** A random id of 32 hexadecimal digits, 122 bits of them random. */
export function randomId(): string {
  return randomUUID().replaceAll('-', '');
}
