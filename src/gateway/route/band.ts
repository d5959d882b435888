import { append, createList, link, unlink, type List, type ListEntry } from './list.ts';

/** Values in the order in which they came, and the same in groups. */
export interface Band<T> {
  readonly all: List<T>;
  readonly groups: Map<string, List<T>>;
}

/** The place of a value in a band. */
export interface BandPlace<T> {
  band: Band<T>;
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
  return { band, group, inAll: append(band.all, value), inGroup: append(groupOf(band, group), value) };
}

/** Removes a value, and its group with the last one. */
export function removeFrom<T>({ band, group, inAll, inGroup }: BandPlace<T>): void {
  unlink(band.all, inAll);
  const list = band.groups.get(group);
  if (list === undefined) return;
  unlink(list, inGroup);
  if (list.size === 0) band.groups.delete(group);
}

/** Moves a value to the end of another band. */
export function moveTo<T>(place: BandPlace<T>, band: Band<T>): void {
  removeFrom(place);
  link(band.all, place.inAll);
  link(groupOf(band, place.group), place.inGroup);
  place.band = band;
}

function groupOf<T>({ groups }: Band<T>, name: string): List<T> {
  let list = groups.get(name);
  if (list === undefined) {
    list = createList();
    groups.set(name, list);
  }
  return list;
}
