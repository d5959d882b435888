import { Secret } from '../core/secret.ts';

/** Deeply freezes a value of plain objects and lists, and returns it. Secrets are immutable already. */
export function freezeAll<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Secret || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) freezeAll(part);
  return Object.freeze(value);
}
