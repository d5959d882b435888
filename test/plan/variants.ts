/** A state with one change, and the place of it. */
export interface Variant<T> {
  readonly place: string;
  readonly value: T;
}

/** Every state that differs from a value in one place: another value, a key or an item less, one more. */
export function variantsOf<T>(value: T): readonly Variant<T>[] {
  // A variant has the shape of the value, with another leaf of the same type.
  return changesOf(value).map(({ place, value: changed }) => ({ place, value: changed as T }));
}

function changesOf(value: unknown): readonly Variant<unknown>[] {
  if (typeof value === 'string')
    return [
      { place: ' (text)', value: `${value}x` },
      { place: ' (empty)', value: '' },
    ];
  if (typeof value === 'number') return [{ place: ' (number)', value: value + 1 }];
  if (typeof value === 'boolean') return [{ place: ' (flag)', value: !value }];
  if (value instanceof Map) {
    const map: ReadonlyMap<unknown, unknown> = value;
    return [...map].flatMap(([key, part]) => [
      { place: ` ${String(key)} (removed)`, value: new Map([...map].filter(([each]) => each !== key)) },
      ...changesOf(part).map((change) => ({
        place: ` ${String(key)}${change.place}`,
        value: new Map([...map].map(([each, old]) => [each, each === key ? change.value : old])),
      })),
    ]);
  }
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value;
    return list.flatMap((part, index) => [
      { place: ` ${String(index)} (removed)`, value: list.toSpliced(index, 1) },
      ...changesOf(part).map((change) => ({
        place: ` ${String(index)}${change.place}`,
        value: list.with(index, change.value),
      })),
    ]);
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => [
    ...(typeof part === 'object' ? [{ place: ` ${name} (nothing)`, value: { ...value, [name]: undefined } }] : []),
    ...changesOf(part).map((change) => ({
      place: ` ${name}${change.place}`,
      value: { ...value, [name]: change.value },
    })),
  ]);
}
