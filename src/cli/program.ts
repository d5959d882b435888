import { Command } from 'commander';
import { nearestName } from '../core/spelling.ts';
import type { Start } from './commands/phase-command.ts';
import type { HandOn } from './commands/servers.ts';

const FIRST_STEPS = `From nothing to an answer:
  hxllm inventory --init HOST --backend http://OLLAMA:11434   # writes inventories/dev.ini and group_vars
  hxllm inventory --vault-init                                # creates the master key, encrypted
  hxllm up --ask-vault-pass                                   # the five phases; stops at the first that fails

hxllm COMMAND --help has the options of a command and examples, hxllm docs the manual.`;

/** `hxllm help [command]`. Replaces commander's own, which prints the general help for an unknown name without an error. */
function helpCommand(program: Command): Command {
  return new Command('help')
    .summary('Print the help of a command')
    .description('Print help of the program, or of a command.')
    .argument('[command]', 'the command')
    .helpOption('-h, --help', 'print help')
    .action(async (name: string | undefined, _options: object, own: Command) => {
      const command = name === undefined ? program : program.commands.find((each) => each.name() === name);
      if (command !== undefined) return (await import('./commands/servers.ts')).printHelp(command);
      const meant = nearestName(
        name ?? '',
        program.commands.map((each) => each.name()),
      );
      own.error(`error: unknown command '${name ?? ''}'${meant === undefined ? '' : `\n(Did you mean ${meant}?)`}`);
    });
}

/** Commands that programs run often: a command line of theirs loads none of the others. */
const ALONE: Readonly<Record<string, (handOn: HandOn) => Promise<Command>>> = {
  keys: async (handOn) => (await import('./commands/keys.ts')).keysCommand(handOn),
  teams: async (handOn) => (await import('./commands/teams.ts')).teamsCommand(handOn),
  fleet: async (handOn) => (await import('./commands/fleet.ts')).fleetCommand(handOn),
  usage: async (handOn) => (await import('./commands/usage.ts')).usageCommand(handOn),
};

/** The program with its commands; nothing runs until it is parsed. `first`: the first word of the command line, which may need few of them. */
export async function createProgram(version: string, start: Start, handOn: HandOn, first = ''): Promise<Command> {
  const program = new Command('hxllm')
    .description(
      'One address for OpenAI’s, Anthropic’s and Ollama’s clients in front of your Ollama servers: deployed over SSH, proven by evidence.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .enablePositionalOptions()
    .addHelpText('after', `\n${FIRST_STEPS}`);
  const add = (command: Command): void => {
    program.addCommand(command.showHelpAfterError(`Try: hxllm ${command.name()} --help`));
    for (const one of command.commands) one.showHelpAfterError(`Try: hxllm ${command.name()} ${one.name()} --help`);
  };
  const alone = Object.hasOwn(ALONE, first) ? ALONE[first] : undefined;
  if (alone !== undefined) add(await alone(handOn));
  else {
    const [{ allCommands }, { completionCommand }] = await Promise.all([
      import('./commands/all.ts'),
      import('./commands/completion.ts'),
    ]);
    for (const [group, commands] of allCommands(start, handOn))
      for (const command of commands) add(command.helpGroup(group));
    program.addCommand(helpCommand(program));
    add(completionCommand(program, version, handOn));
  }
  // Usage errors of commands are thrown too, so that hxllm sets the exit code.
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
    command.exitOverride();
  return program;
}
