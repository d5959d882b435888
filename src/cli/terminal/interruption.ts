const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
// npm and npx forward a Ctrl-C that the terminal has sent to their children already. A second signal within this time is the same Ctrl-C.
const SAME_MS = 500;

/** The handling of Ctrl-C while a command runs. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Removes the signal handlers. */
  dispose(): void;
}

/** The first Ctrl-C (or SIGTERM, SIGHUP) calls `first` and aborts the work. Another one more than half a second later calls `leave`, which ends the process. */
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

/**
 * Ends the process as Ctrl-C would, with 130 in a shell, if a name lookup still runs: Node waits for it even in `process.exit`, for 10 s
 * and more where the name server does not answer. Call it last, without signal handlers.
 */
export function cutLookups(): void {
  if (process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap')) process.kill(process.pid, 'SIGINT');
}
