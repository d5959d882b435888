/** A value of a list. */
export interface ListEntry<T> {
  readonly value: T;
  /** Grows along the list. */
  position: number;
  before: ListEntry<T> | undefined;
  after: ListEntry<T> | undefined;
}

/**
 * Values in the order in which they came. The first one is found at once: a Map is searched from its start, through the places of all
 * values that have left, and V8 keeps the tables that it outgrows, with what they held, until the old generation is collected.
 */
export interface List<T> {
  first: ListEntry<T> | undefined;
  last: ListEntry<T> | undefined;
  size: number;
}

/** A list without values. */
export function createList<T>(): List<T> {
  return { first: undefined, last: undefined, size: 0 };
}

/** Appends a value; its entry is needed to remove it. */
export function append<T>(list: List<T>, value: T): ListEntry<T> {
  const entry: ListEntry<T> = { value, position: 0, before: undefined, after: undefined };
  link(list, entry);
  return entry;
}

/** Appends an entry that is in no list. */
export function link<T>(list: List<T>, entry: ListEntry<T>): void {
  const { last } = list;
  entry.position = (last?.position ?? 0) + 1;
  entry.before = last;
  if (last === undefined) list.first = entry;
  else last.after = entry;
  list.last = entry;
  list.size += 1;
}

/** Removes the value of an entry, which has to be in the list. */
export function unlink<T>(list: List<T>, entry: ListEntry<T>): void {
  const { before, after } = entry;
  if (before === undefined) list.first = after;
  else before.after = after;
  if (after === undefined) list.last = before;
  else after.before = before;
  // An entry that V8 has moved to the old generation keeps its neighbours no longer.
  entry.before = undefined;
  entry.after = undefined;
  list.size -= 1;
}

/** The values; the one that was yielded last may be removed meanwhile. */
export function* valuesOf<T>(list: List<T>): Generator<T> {
  let entry = list.first;
  while (entry !== undefined) {
    const { value, after } = entry;
    yield value;
    entry = after;
  }
}
