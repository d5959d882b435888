import { Command } from 'commander';

/** Hands on a command's arguments as they were typed, and takes its exit code. */
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

function unparsed(name: string, purpose: string): Command {
  // Also --help is theirs: the same program is started without hxllm on a host.
  return new Command(name)
    .summary(purpose)
    .description(purpose)
    .argument('[arguments...]')
    .usage('[arguments]')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions();
}
