import { Command } from 'commander';

/** Runs a program with the arguments as they were typed, and takes over its exit code. */
export type HandOn = (
  argv: readonly string[],
  program: () => Promise<(argv: readonly string[]) => Promise<number>>,
) => Promise<void>;

/** `hxllm gateway`: the program that enforce installs, in the foreground. */
export function gatewayCommand(handOn: HandOn): Command {
  return unparsed('gateway', 'Run the gateway in the foreground: --config FILE [--host H] [--port N] [--check]').action(
    (argv: readonly string[]) => handOn(argv, async () => (await import('../../gateway/main.ts')).gatewayMain),
  );
}

/** `hxllm sim`: a simulated Ollama server. */
export function simCommand(handOn: HandOn): Command {
  return unparsed('sim', 'Run a simulated Ollama server in the foreground: --port N').action(
    (argv: readonly string[]) => handOn(argv, async () => (await import('../../sim/main.ts')).simMain),
  );
}

/** Commands whose program prints its own help. */
const UNPARSED = new WeakSet<Command>();

/** Prints the help of a command: the program's own, if it parses its own flags. */
export async function printHelp(command: Command): Promise<void> {
  if (UNPARSED.has(command)) await command.parseAsync(['--help'], { from: 'user' });
  else command.outputHelp();
}

function unparsed(name: string, purpose: string): Command {
  // The program parses its own flags, also --help: on a host it is started without hxllm.
  const command = new Command(name)
    .summary(purpose)
    .description(purpose)
    .argument('[arguments...]')
    .usage('[arguments]')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions();
  UNPARSED.add(command);
  return command;
}
