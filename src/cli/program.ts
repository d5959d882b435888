import { Command } from 'commander';
import { demoCommand } from './commands/demo.ts';
import { docsCommand } from './commands/docs.ts';
import { enforceCommand } from './commands/enforce.ts';
import { inventoryCommand } from './commands/inventory.ts';
import type { Start } from './commands/phase-command.ts';
import { preflightCommand } from './commands/preflight.ts';
import { gatewayCommand, simCommand, type HandOn } from './commands/servers.ts';
import { smokeCommand } from './commands/smoke.ts';
import { uninstallCommand } from './commands/uninstall.ts';
import { upCommand } from './commands/up.ts';
import { validateCommand } from './commands/validate.ts';

const FIRST_STEPS = `From nothing to an answer:
  hxllm inventory --init HOST --backend http://OLLAMA:11434   # writes inventories/dev.ini and group_vars
  hxllm inventory --vault-init                                # makes the master key, encrypted
  hxllm up --ask-vault-pass                                   # the five phases; stops at the first that fails

hxllm COMMAND --help has the options of a command and examples, hxllm docs the manual.`;

/** The program with its commands; nothing runs until it is parsed. */
export function createProgram(version: string, start: Start, handOn: HandOn): Command {
  const program = new Command('hxllm')
    .description(
      'One address for OpenAI’s, Anthropic’s and Ollama’s clients in front of your Ollama servers: deployed over SSH, proven by evidence.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help of a command')
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .enablePositionalOptions()
    .addHelpText('after', `\n${FIRST_STEPS}`);
  const groups: readonly (readonly [string, readonly Command[]])[] = [
    ['To look around first:', [demoCommand(handOn), docsCommand(handOn)]],
    ['All at once, and undone:', [upCommand(start), uninstallCommand(start)]],
    [
      'The five phases, in order:',
      [
        preflightCommand(start),
        inventoryCommand(start),
        validateCommand(start),
        enforceCommand(start),
        smokeCommand(start),
      ],
    ],
    ['Servers, in the foreground:', [gatewayCommand(handOn), simCommand(handOn)]],
  ];
  for (const [group, commands] of groups) {
    for (const command of commands)
      program.addCommand(command.helpGroup(group).showHelpAfterError(`Try: hxllm ${command.name()} --help`));
  }
  // A wrong option of a command ends as one of the program does: thrown, for an exit code of ours.
  for (const command of [program, ...program.commands]) command.exitOverride();
  return program;
}
