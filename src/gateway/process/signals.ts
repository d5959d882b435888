import { isatty } from 'node:tty';

/** The signals that a gateway listens to. */
export interface Signals {
  /** The first SIGTERM or SIGINT: to stop. */
  readonly first: Promise<void>;
  /** The next: to stop at once. */
  readonly again: AbortSignal;
  /** What SIGHUP does; one after the other, also where it is sent while that is being done. */
  onHangUp(act: () => Promise<unknown>): void;
  forget(): void;
}

/** Listens to signals from now on. SIGHUP is nothing before `onHangUp`; on a terminal it means that the terminal is gone, and stops. */
export function listenForSignals(): Signals {
  const at = new AbortController();
  const { promise: first, resolve } = Promise.withResolvers<void>();
  let asked = false;
  const onStop = (): void => {
    if (asked) at.abort();
    asked = true;
    resolve();
  };
  let act: (() => Promise<unknown>) | undefined;
  let acting: Promise<unknown> = Promise.resolve();
  const onHangUp = (): void => {
    if (isatty(0)) onStop();
    else acting = acting.then(() => (asked ? undefined : act?.()));
  };
  process.on('SIGTERM', onStop).on('SIGINT', onStop).on('SIGHUP', onHangUp);
  return {
    first,
    again: at.signal,
    onHangUp: (given) => {
      act = given;
    },
    forget: () => process.off('SIGTERM', onStop).off('SIGINT', onStop).off('SIGHUP', onHangUp),
  };
}
