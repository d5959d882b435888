/** Limits how many tasks run at once; others wait in order. */
export interface Semaphore {
  /** Runs `work` as soon as a slot is free. */
  use<T>(work: () => Promise<T>): Promise<T>;
}

/** Creates a semaphore with `size` slots. */
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
        // The slot goes directly to the next waiter, so that no new caller takes it first.
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
