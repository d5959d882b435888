import { Command } from 'commander';
import { nearestName } from '../core/spelling.ts';
import { backendCommand } from './commands/backend.ts';
import { completionCommand } from './commands/completion.ts';
import { demoCommand } from './commands/demo.ts';
import { docsCommand } from './commands/docs.ts';
import { doctorCommand } from './commands/doctor.ts';
import { fleetCommand } from './commands/fleet.ts';
import { driftCommand } from './commands/drift.ts';
import { evidenceCommand } from './commands/evidence.ts';
import { enforceCommand } from './commands/enforce.ts';
import { inventoryCommand } from './commands/inventory.ts';
import { keysCommand } from './commands/keys.ts';
import { teamsCommand } from './commands/teams.ts';
import { usageCommand } from './commands/usage.ts';
import type { Start } from './commands/phase-command.ts';
import { preflightCommand } from './commands/preflight.ts';
import { gatewayCommand, printHelp, simCommand, type HandOn } from './commands/servers.ts';
import { releasesCommand } from './commands/releases.ts';
import { rollbackCommandOf } from './commands/rollback.ts';
import { serviceCommand } from './commands/service.ts';
import { smokeCommand } from './commands/smoke.ts';
import { templatesCommand } from './commands/templates.ts';
import { trustCommandOf } from './commands/trust.ts';
import { uninstallCommand } from './commands/uninstall.ts';
import { upCommand } from './commands/up.ts';
import { vaultCommand } from './commands/vault.ts';
import { validateCommand } from './commands/validate.ts';

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
    .action((name: string | undefined, _options: object, own: Command) => {
      const command = name === undefined ? program : program.commands.find((each) => each.name() === name);
      if (command !== undefined) return printHelp(command);
      const meant = nearestName(
        name ?? '',
        program.commands.map((each) => each.name()),
      );
      own.error(`error: unknown command '${name ?? ''}'${meant === undefined ? '' : `\n(Did you mean ${meant}?)`}`);
    });
}

/** The program with its commands; nothing runs until it is parsed. */
export function createProgram(version: string, start: Start, handOn: HandOn): Command {
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
  const groups: readonly (readonly [string, readonly Command[]])[] = [
    ['To look around first:', [demoCommand(handOn), docsCommand(handOn)]],
    [
      'All five phases at once, and the way back:',
      [upCommand(start), rollbackCommandOf(start), uninstallCommand(start)],
    ],
    [
      'The five phases, in order:',
      [
        preflightCommand(start, handOn),
        inventoryCommand(start, handOn),
        validateCommand(start, handOn),
        enforceCommand(start),
        smokeCommand(start),
      ],
    ],
    ['The evidence that the phases leave:', [evidenceCommand(handOn)]],
    [
      'The operator’s secrets, and the keys of clients and hosts:',
      [vaultCommand(handOn), keysCommand(handOn), teamsCommand(handOn), trustCommandOf(handOn)],
    ],
    [
      'A running gateway:',
      [
        doctorCommand(handOn),
        fleetCommand(handOn),
        usageCommand(handOn),
        releasesCommand(handOn),
        driftCommand(handOn),
        serviceCommand(handOn),
        backendCommand(handOn),
        templatesCommand(handOn),
      ],
    ],
    ['Servers, in the foreground:', [gatewayCommand(handOn), simCommand(handOn)]],
  ];
  for (const [group, commands] of groups) {
    for (const command of commands)
      program.addCommand(command.helpGroup(group).showHelpAfterError(`Try: hxllm ${command.name()} --help`));
  }
  program.addCommand(helpCommand(program));
  program.addCommand(completionCommand(program, version, handOn));
  // Usage errors of commands are thrown too, so that hxllm sets the exit code.
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
    command.exitOverride();
  return program;
}
