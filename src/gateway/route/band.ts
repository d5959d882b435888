import { append, createList, unlink, type List, type ListEntry } from './list.ts';

/** Values in the order in which they came, and the same in groups. */
export interface Band<T> {
  readonly all: List<T>;
  readonly groups: Map<string, List<T>>;
}

/** The place of a value in a band. */
export interface BandPlace<T> {
  readonly band: Band<T>;
  readonly group: string;
  readonly inAll: ListEntry<T>;
  readonly inGroup: ListEntry<T>;
}

/** A band without values. */
export function createBand<T>(): Band<T> {
  return { all: createList(), groups: new Map() };
}

/** Appends a value to the band and to its group. */
export function addTo<T>(band: Band<T>, group: string, value: T): BandPlace<T> {
  let list = band.groups.get(group);
  if (list === undefined) {
    list = createList();
    band.groups.set(group, list);
  }
  return { band, group, inAll: append(band.all, value), inGroup: append(list, value) };
}

/** Removes a value, and its group with the last one. */
export function removeFrom<T>({ band, group, inAll, inGroup }: BandPlace<T>): void {
  unlink(band.all, inAll);
  const list = band.groups.get(group);
  if (list === undefined) return;
  unlink(list, inGroup);
  if (list.size === 0) band.groups.delete(group);
}
