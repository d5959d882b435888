/** A body from this size on is parsed, checked and written in turns of the event loop of their own: 500 KB hold 35,000 keys, which take 40 ms in all. */
export const LARGE_BYTES = 256 * 1024;

let last = Promise.resolve();

/**
 * Resolves in a turn of the event loop that no other large piece of work has, so that the sockets of all other requests are served
 * between two of them.
 */
export function ownTurn(): Promise<void> {
  last = last.then(
    () =>
      new Promise((resolve) => {
        // One would run behind the sockets of this turn, which may have taken long, such as to join a body: before those of the next.
        setImmediate(() => {
          setImmediate(resolve);
        });
      }),
  );
  return last;
}

/** Time of work after which the event loop gets a turn, ms. */
const SLICE_MS = 5;

/** Writes pieces of a text as bytes, in slices; ends early when the bytes are no longer wanted. */
export async function writtenInTurns(pieces: Iterable<string>, isOver: () => boolean): Promise<readonly Buffer[]> {
  const written: Buffer[] = [];
  let sinceMs = performance.now();
  for (const piece of pieces) {
    written.push(Buffer.from(piece));
    if (performance.now() - sinceMs < SLICE_MS) continue;
    await ownTurn();
    if (isOver()) return [];
    sinceMs = performance.now();
  }
  return written;
}
