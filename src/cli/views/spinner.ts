import type { Output } from '../terminal/terminal.ts';

/** Something that moves on stderr while nothing else does. */
export interface Spinner {
  say(text: string): void;
  stop(): void;
}

/** A spinner on a terminal; anywhere else nothing, and ora is not even loaded. */
export function createSpinner(stderr: Output, environment: Readonly<Record<string, string | undefined>>): Spinner {
  if (!stderr.isTty || environment['TERM'] === 'dumb' || (environment['CI'] ?? '') !== '') return { say: () => {}, stop: () => {} };
  let wanted: string | undefined;
  let spinner: { text: string; start(): unknown; stop(): unknown } | undefined;
  const loading = import('ora').then(({ default: ora }) => {
    // stdin stays as it is, so that Ctrl-C is a signal and questions can be asked.
    spinner = ora({ stream: process.stderr, discardStdin: false, indent: 2 });
    if (wanted !== undefined) show(wanted);
  });
  loading.catch(() => {});
  const show = (text: string): void => {
    if (spinner === undefined) return;
    spinner.text = text;
    spinner.start();
  };
  return {
    say: (text) => {
      wanted = text;
      show(text);
    },
    stop: () => {
      wanted = undefined;
      spinner?.stop();
    },
  };
}
