/** Pseudo-random numbers: the same for the same seed. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number;
  chance(probability: number): boolean;
  pick<T>(things: readonly [T, ...T[]]): T;
}

/** mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (things) => things[below(things.length)] ?? things[0],
  };
}

/** Runs a random test; a failure names the seed that repeats it: `HXLLM_SEED=… node --test …`. */
export async function seeded(run: (random: Random) => Promise<void>): Promise<void> {
  const given = process.env['HXLLM_SEED'];
  const seed = given === undefined ? (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) : Number(given);
  try {
    await run(createRandom(seed));
  } catch (error) {
    throw new Error(`HXLLM_SEED=${String(seed)}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
