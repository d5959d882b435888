const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** What becomes of Ctrl-C while a command runs. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Gives the signals back. */
  dispose(): void;
}

/** The first Ctrl-C (or SIGTERM, SIGHUP) aborts the work and calls `first`; the next one calls `leave`, which ends the process. */
export function watchInterruption(first: () => void, leave: () => void): Interruption {
  const controller = new AbortController();
  const interrupted = (): void => {
    if (controller.signal.aborted) return leave();
    first();
    controller.abort(new Error('interrupted'));
  };
  for (const name of SIGNALS) process.on(name, interrupted);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of SIGNALS) process.off(name, interrupted);
    },
  };
}
