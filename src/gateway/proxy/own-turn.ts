/** A body from this size on is parsed, checked and written in turns of the event loop of their own. */
export const LARGE_BYTES = 1024 * 1024;

let last = Promise.resolve();

/**
 * Resolves in a turn of the event loop that no other large piece of work has, so that the sockets of all other requests are served
 * between two of them.
 */
export function ownTurn(): Promise<void> {
  last = last.then(
    () =>
      new Promise((resolve) => {
        setImmediate(resolve);
      }),
  );
  return last;
}
