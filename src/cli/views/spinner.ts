import type { Output } from '../terminal/terminal.ts';

/** Something that moves on stderr while nothing else does. */
export interface Spinner {
  say(text: string): void;
  stop(): void;
}

/** A spinner on a terminal; anywhere else nothing, and ora is not even loaded. Where `result` goes through a pipe, its lines would land in the middle of it. */
export function createSpinner(
  stderr: Output,
  result: Output,
  environment: Readonly<Record<string, string | undefined>>,
): Spinner {
  // On a terminal that does not know its width ora would clear lines without end.
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
    // stdin stays as it is, so that Ctrl-C is a signal and questions can be asked.
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
