/** The end of a wait: the value, or the reason why it was given up. */
export type Waited<T> =
  | { readonly state: 'done'; readonly value: T }
  | { readonly state: 'late' }
  | { readonly state: 'aborted' };

/** Waits for work that cannot be stopped: until it ends, the limit is over or the signal aborts. The work may end later, unheard. */
export function within<T>(work: Promise<T>, limitMs: number, signal: AbortSignal): Promise<Waited<T>> {
  return new Promise((resolve, reject) => {
    const end = (result: Waited<T>): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(result);
    };
    const abort = (): void => {
      end({ state: 'aborted' });
    };
    const timer = setTimeout(() => {
      end({ state: 'late' });
    }, limitMs);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) return abort();
    work.then(
      (value) => {
        end({ state: 'done', value });
      },
      (error: unknown) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
    return undefined;
  });
}
