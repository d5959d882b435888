import type { Output } from '../terminal/terminal.ts';

/** A spinner with a text on stderr. */
export interface Spinner {
  say(text: string): void;
  stop(): void;
}

/** A spinner on a terminal. Elsewhere it does nothing and ora is not loaded; also if `result` is a pipe, whose lines would end up in the middle of the spinner. */
export function createSpinner(
  stderr: Output,
  result: Output,
  environment: Readonly<Record<string, string | undefined>>,
): Spinner {
  // On a terminal of unknown width ora would clear lines forever.
  if (
    !stderr.isTty ||
    !result.isTty ||
    stderr.columns() === Number.POSITIVE_INFINITY ||
    environment['TERM'] === 'dumb' ||
    (environment['CI'] ?? '') !== ''
  )
    return { say: () => {}, stop: () => {} };
  let wanted: string | undefined;
  let spinner: { text: string; readonly isSpinning: boolean; start(): unknown; stop(): unknown } | undefined;
  const loading = import('ora').then(({ default: ora }) => {
    // Leave stdin alone, so that Ctrl-C stays a signal and questions can be asked.
    spinner = ora({ stream: process.stderr, discardStdin: false, prefixText: ' ' });
    if (wanted !== undefined) show(wanted);
  });
  loading.catch(() => {});
  const show = (text: string): void => {
    if (spinner === undefined) return;
    spinner.text = text;
    if (!spinner.isSpinning) spinner.start();
  };
  return {
    say: (text) => {
      wanted = text;
      show(text);
    },
    stop: () => {
      wanted = undefined;
      if (spinner?.isSpinning === true) spinner.stop();
    },
  };
}
