const TRUE = new Set(['y', 'yes', 'on', '1', 'true', 't']);
const FALSE = new Set(['n', 'no', 'off', '0', 'false', 'f']);

/** Parses a boolean as Ansible's boolean filter does; `undefined` for other words. */
export function readBoolean(value: string | number | boolean | null): boolean | undefined {
  const word = String(value).trim().toLowerCase();
  if (typeof value === 'boolean') return value;
  if (TRUE.has(word) || value === 1) return true;
  return FALSE.has(word) || value === 0 ? false : undefined;
}
