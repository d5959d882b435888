import type { Value } from '../value.ts';

/** `ansible_group_priority` as Python's `int()` reads it; undefined if Python refuses it. */
export function readPriority(value: Value): number | undefined {
  if (value.kind !== 'scalar' || value.value === null) return undefined;
  if (typeof value.value === 'string')
    return /^\s*[-+]?\d+(?:_\d+)*\s*$/.test(value.value) ? Number(value.value.replaceAll('_', '')) : undefined;
  const number = Math.trunc(Number(value.value));
  return Number.isFinite(number) ? number : undefined;
}
