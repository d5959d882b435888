const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
// npm and npx pass on the Ctrl-C that the terminal has sent to their children already; what comes this soon is the same.
const SAME_MS = 500;

/** What becomes of Ctrl-C while a command runs. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Gives the signals back. */
  dispose(): void;
}

/** The first Ctrl-C (or SIGTERM, SIGHUP) aborts the work and calls `first`; one that comes later than half a second after it calls `leave`, which ends the process. */
export function watchInterruption(
  first: () => void,
  leave: () => void,
  nowMs: () => number = () => performance.now(),
): Interruption {
  const controller = new AbortController();
  let firstMs = 0;
  const interrupted = (): void => {
    if (controller.signal.aborted) {
      if (nowMs() - firstMs > SAME_MS) leave();
      return;
    }
    firstMs = nowMs();
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
