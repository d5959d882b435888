import { isatty } from 'node:tty';

/** The signals that a gateway handles. */
export interface Signals {
  /** The first SIGTERM or SIGINT: stop. */
  readonly first: Promise<void>;
  /** The second: stop at once. */
  readonly second: AbortSignal;
  /** Sets the action of SIGHUP. Signals that come during an action are one more action after it. */
  onHangUp(act: () => Promise<unknown>): void;
  forget(): void;
}

/**
 * Handles signals from now on. SIGHUP is ignored before `onHangUp`; on a terminal (`onTerminal`) it means that the terminal is gone, and
 * stops the gateway.
 */
export function listenForSignals(onTerminal = isatty(0)): Signals {
  const at = new AbortController();
  const { promise: first, resolve } = Promise.withResolvers<void>();
  let asked = false;
  const onStop = (): void => {
    if (asked) at.abort();
    asked = true;
    resolve();
  };
  let act: (() => Promise<unknown>) | undefined;
  let acting: Promise<unknown> | undefined;
  let wanted = false;
  const actOnHangUps = async (): Promise<void> => {
    do {
      wanted = false;
      await act?.();
    } while (wanted);
    acting = undefined;
  };
  const onHangUp = (): void => {
    if (onTerminal) {
      onStop();
      return;
    }
    if (asked) return;
    wanted = true;
    acting ??= actOnHangUps();
  };
  process.on('SIGTERM', onStop).on('SIGINT', onStop).on('SIGHUP', onHangUp);
  return {
    first,
    second: at.signal,
    onHangUp: (given) => {
      act = given;
    },
    forget: () => process.off('SIGTERM', onStop).off('SIGINT', onStop).off('SIGHUP', onHangUp),
  };
}
