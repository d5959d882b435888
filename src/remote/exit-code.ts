import { constants } from 'node:os';

/** The exit code as a shell reports it: the program's own, or 128 + the number of the signal that ended it. */
export function processExitCode(code: number | null | undefined, signal: string | null | undefined): number {
  if (typeof code === 'number') return code;
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return 128 + (numbers[signal ?? ''] ?? 0);
}
