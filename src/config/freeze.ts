import { Secret } from '../core/secret.ts';

/** Freezes a value of plain objects and lists all through, and returns it. Secrets cannot be changed anyway. */
export function freezeAll<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Secret || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) freezeAll(part);
  return Object.freeze(value);
}
