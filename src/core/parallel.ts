/** How many hosts are worked on at once, if nobody says otherwise. Ansible's default is 5. */
export const FORKS = 10;

/** Works on at most `limit` items at once, begun in order. The results are in the order of the items; the first error ends the wait for the rest. */
export async function mapInParallel<Item, Out>(
  items: readonly Item[],
  limit: number,
  work: (item: Item, index: number) => Promise<Out>,
): Promise<readonly Out[]> {
  return Promise.all(startInParallel(items, limit, work));
}

/** The same, with a promise for each item, so that the first results can be used while others are worked on. */
export function startInParallel<Item, Out>(
  items: readonly Item[],
  limit: number,
  work: (item: Item, index: number) => Promise<Out>,
): readonly Promise<Out>[] {
  const waiting: (() => void)[] = [];
  let running = 0;
  const inTurn = async (item: Item, index: number): Promise<Out> => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work(item, index);
    } finally {
      // The place goes to the next one, or becomes free.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
  return items.map(inTurn);
}
