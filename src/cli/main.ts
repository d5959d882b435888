import { CommanderError } from 'commander';
import { errorMessage, errorStack } from '../core/error.ts';
import { EXIT } from './exit-code.ts';
import { createProgram } from './program.ts';
import { readManifest } from './shipping/package-root.ts';
import { cutLookups } from './terminal/interruption.ts';
import { lostOutput, processTerminal } from './terminal/process-terminal.ts';

/** Runs one command line (without `node` and the script) and gives the exit code; never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    process.cwd();
  } catch {
    process.stderr.write('hxllm: the current folder was removed: cd to a folder that exists\n');
    return EXIT.usage;
  }
  const terminal = processTerminal();
  let exitCode: number = EXIT.ok;
  try {
    const { version } = await readManifest();
    const program = await createProgram(
      version,
      async (command, options, several, work) => {
        const interactive = terminal.interactive && options.ci !== true;
        if (options.askBecomePass === true && !interactive)
          command.error('error: --ask-become-pass needs a terminal; without one: --become-password-file FILE');
        if (options.askPass === true && !interactive)
          command.error('error: --ask-pass needs a terminal; without one: --connection-password-file FILE');
        const { start } = await import('./run/start.ts');
        exitCode = await start(terminal, { name: command.name(), argv, options, several, work });
      },
      async (rest, load) => void (exitCode = await (await load())(rest)),
      argv[0],
    );
    await program.parseAsync([...argv], { from: 'user' });
    if (exitCode === EXIT.interrupted) cutLookups();
    return await withOutput(exitCode);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? await withOutput(EXIT.ok) : EXIT.usage;
    const verbose = argv.includes('-v') || argv.includes('--verbose');
    const message = verbose ? errorStack(error) : errorMessage(error);
    terminal.stderr.write(
      `hxllm crashed; this is a bug in hxllm: ${message}\n${verbose ? '' : 'Run the same command with -v to see the stack.\n'}`,
    );
    return EXIT.bug;
  }
}

/** The exit code of a command whose output may be incomplete: a program that reads it must not take it for the whole. */
async function withOutput(exitCode: number): Promise<number> {
  // A stream tells its error a moment after the call.
  await new Promise((resolve) => setImmediate(resolve));
  const lost = lostOutput();
  if (lost === undefined || exitCode !== EXIT.ok) return exitCode;
  process.stderr.write(`hxllm: the output is incomplete: ${lost}\n`);
  return EXIT.failed;
}
