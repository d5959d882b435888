import { shownPath } from '../../config/shown-path.ts';
import { errorMessage, errorStack } from '../../core/error.ts';
import { EXIT } from '../exit-code.ts';
import { cutLookups, watchInterruption, type Interruption } from '../terminal/interruption.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { abandon } from './run-phase.ts';
import type { Session } from './session.ts';

/**
 * Closes an open run correctly for every end of the program. Ctrl-C aborts the work, and a second one exits at once. An
 * uncaught error is a bug (its stack is on screen only under -v). A program that runs out of work while a run is open has
 * crashed too.
 */
export function guardRuns(terminal: Terminal, open: Session['open'], verbose: boolean): Interruption {
  const interruption = watchInterruption(
    () => terminal.stderr.write('\nStopping cleanly. Press Ctrl-C again to exit now.\n'),
    () => {
      exiting();
      process.off('exit', exiting);
      interruption.dispose();
      cutLookups();
      process.exit(EXIT.interrupted);
    },
  );
  const exiting = (): void => {
    if (open.run === undefined) return;
    const { aborted } = interruption.signal;
    abandon(open.run, aborted ? 'aborted' : 'crashed');
    process.exitCode = aborted ? EXIT.interrupted : EXIT.bug;
  };
  const uncaught = (error: unknown): void => {
    const text = verbose ? errorStack(error) : errorMessage(error);
    const evidence = open.run === undefined ? '' : `Evidence: ${shownPath(open.run.folder, terminal.cwd)}\n`;
    open.run?.recorder.file('stack.txt', `${errorStack(error)}\n`);
    terminal.stderr.write(`\nhxllm crashed; this is a bug in hxllm: ${text}\n${evidence}`);
    process.exit(EXIT.bug);
  };
  process.once('exit', exiting);
  process.on('uncaughtException', uncaught);
  return {
    signal: interruption.signal,
    dispose: () => {
      process.off('exit', exiting);
      process.off('uncaughtException', uncaught);
      interruption.dispose();
    },
  };
}
