import type { Result } from '../../../core/problem.ts';
import { EXIT, exitCodeOfProblems } from '../../exit-code.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { reportProblems } from '../../views/problems.ts';

/** Runs a command about vaults until it ends or Ctrl-C is typed, and prints its text. Returns the exit code. */
export async function runVaultCommand(
  terminal: Terminal,
  work: (terminal: Terminal, signal: AbortSignal) => Promise<Result<string>>,
): Promise<number> {
  const controller = new AbortController();
  const done = await work(terminal, controller.signal);
  if (!done.ok) {
    reportProblems(terminal, done.problems);
    return exitCodeOfProblems(done.problems);
  }
  terminal.stdout.write(done.value.endsWith('\n') ? done.value : `${done.value}\n`);
  return EXIT.ok;
}
