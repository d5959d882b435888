/** Values in the order in which they came, and the same in groups. */
export interface Band<T> {
  readonly all: Map<string, T>;
  readonly groups: Map<string, Map<string, T>>;
}

/** A band without values. */
export function createBand<T>(): Band<T> {
  return { all: new Map(), groups: new Map() };
}

/** Appends a value to the band and to its group. */
export function addTo<T>({ all, groups }: Band<T>, group: string, key: string, value: T): void {
  all.set(key, value);
  const known = groups.get(group);
  if (known === undefined) groups.set(group, new Map([[key, value]]));
  else known.set(key, value);
}

/** Removes a value, and its group with the last one. Returns whether the band had it. */
export function removeFrom<T>({ all, groups }: Band<T>, group: string, key: string): boolean {
  if (!all.delete(key)) return false;
  const known = groups.get(group);
  known?.delete(key);
  if (known?.size === 0) groups.delete(group);
  return true;
}
