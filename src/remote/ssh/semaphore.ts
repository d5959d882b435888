/** Lets so many work at once; the others wait in line. */
export interface Semaphore {
  /** Runs `work` as soon as there is room. */
  use<T>(work: () => Promise<T>): Promise<T>;
}

/** Makes room for `size` at once. */
export function createSemaphore(size: number): Semaphore {
  let free = size;
  const waiting: (() => void)[] = [];
  return {
    use: async (work) => {
      if (free > 0) free -= 1;
      else
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        // The place goes to the next in line directly, so nobody slips in between.
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
