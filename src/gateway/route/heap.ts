/** A value of a heap. */
export interface HeapEntry<T> {
  readonly key: number;
  readonly value: T;
  /** Its place in the heap. */
  index: number;
}

/** Values, the one with the least key at the start: a binary heap. */
export type Heap<T> = HeapEntry<T>[];

/** Adds a value; its entry is needed to remove it. */
export function pushTo<T>(heap: Heap<T>, key: number, value: T): HeapEntry<T> {
  const entry: HeapEntry<T> = { key, value, index: heap.length };
  heap.push(entry);
  rise(heap, entry);
  return entry;
}

/** Removes the value of an entry, which has to be in the heap. */
export function takeFrom<T>(heap: Heap<T>, entry: HeapEntry<T>): void {
  const last = heap.pop();
  if (last === undefined || last === entry) return;
  put(heap, last, entry.index);
  rise(heap, last);
  sink(heap, last);
}

function rise<T>(heap: Heap<T>, entry: HeapEntry<T>): void {
  while (entry.index > 0) {
    const above = heap[(entry.index - 1) >> 1];
    if (above === undefined || above.key <= entry.key) return;
    swap(heap, entry, above);
  }
}

function sink<T>(heap: Heap<T>, entry: HeapEntry<T>): void {
  for (;;) {
    const left = heap[2 * entry.index + 1];
    const right = heap[2 * entry.index + 2];
    const least = right !== undefined && left !== undefined && right.key < left.key ? right : left;
    if (least === undefined || least.key >= entry.key) return;
    swap(heap, entry, least);
  }
}

function swap<T>(heap: Heap<T>, one: HeapEntry<T>, other: HeapEntry<T>): void {
  const { index } = one;
  put(heap, one, other.index);
  put(heap, other, index);
}

function put<T>(heap: Heap<T>, entry: HeapEntry<T>, index: number): void {
  heap[index] = entry;
  entry.index = index;
}
