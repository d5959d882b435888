/** Choices that are the same for the same seed. */
export interface Dice {
  /** A whole number from 0 to `count - 1`. */
  readonly below: (count: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly one: <T>(list: readonly T[]) => T;
  /** So many different ones, in the list's order. */
  readonly some: <T>(list: readonly T[], count: number) => readonly T[];
  readonly shuffled: <T>(list: readonly T[]) => readonly T[];
}

/** Creates dice from a seed (mulberry32). */
export function createDice(seed: number): Dice {
  let state = (seed * 2_654_435_761) >>> 0;
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (count: number): number => Math.floor(random() * count);
  const one = <T>(list: readonly T[]): T => {
    const chosen = list[below(list.length)];
    if (chosen === undefined) throw new Error('an empty list');
    return chosen;
  };
  const shuffled = <T>(list: readonly T[]): readonly T[] =>
    list
      .map((item) => ({ item, rank: random() }))
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ item }) => item);
  return {
    below,
    chance: (probability) => random() < probability,
    one,
    some: (list, count) => {
      const kept = new Set(shuffled([...list.keys()]).slice(0, count));
      return list.filter((_item, index) => kept.has(index));
    },
    shuffled,
  };
}
