import type { Command } from 'commander';
import type * as teamActions from '../actions/keys/teams.ts';
import type { TeamCommandOptions } from '../actions/keys/teams.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { csvOption, gatewayClientCommand, judgeGatewayOptions, withFields } from './gateway-options.ts';
import { described, withYes } from './phase-command.ts';
import type { HandOn } from './servers.ts';
import { collect } from './vault-options.ts';

type Actions = typeof teamActions;

/** `hxllm teams` */
export function teamsCommand(handOn: HandOn): Command {
  const page = 'operations';
  const run = (
    options: TeamCommandOptions,
    command: Command,
    act: (actions: Actions) => Promise<number>,
  ): Promise<void> => {
    judgeGatewayOptions(options, command);
    return handOn([], async () => {
      const actions = await import('../actions/keys/teams.ts');
      return () => act(actions);
    });
  };
  const terminal = processTerminal;
  const create = withFields(
    gatewayClientCommand({
      name: 'create',
      purpose: 'Make a team',
      description: 'Its models and limits hold for all its keys together.',
      examples: [["teams create research --model 'llama3*' --rpm-limit 600", 'a team with a limit']],
      page,
    }),
  )
    .option('--id <id>', 'its id (default: a new one)')
    .argument('<name>', 'the name of the team')
    .action((name: string, options: TeamCommandOptions, command: Command) =>
      run(options, command, ({ createTeam }) => createTeam(terminal(), name, options)),
    );
  const list = gatewayClientCommand({
    name: 'list',
    purpose: 'Show the teams of a running gateway',
    description: 'Those of litellm_teams come first, marked with file.',
    examples: [['teams list', 'all teams']],
    page,
  })
    .addOption(csvOption())
    .action((options: TeamCommandOptions, command: Command) =>
      run(options, command, ({ listTeams }) => listTeams(terminal(), options)),
    );
  const show = gatewayClientCommand({
    name: 'show',
    purpose: 'Show everything about a team',
    description: 'Members, models and limits.',
    examples: [['teams show research', 'a team']],
    page,
  })
    .argument('<team>', 'its id or name')
    .action((name: string, options: TeamCommandOptions, command: Command) =>
      run(options, command, ({ showTeam }) => showTeam(terminal(), name, options)),
    );
  const edit = withFields(
    gatewayClientCommand({
      name: 'edit',
      purpose: 'Change a team',
      description: 'Only the fields that are named change, from the next request on.',
      examples: [['teams edit research --rpm-limit 1200', 'another limit']],
      page,
    }),
  )
    .option('--alias <name>', 'another name')
    .option('--clear <field>', 'take this field away (repeatable)', collect)
    .argument('<team>', 'its id or name')
    .action((name: string, options: TeamCommandOptions, command: Command) =>
      run(options, command, ({ editTeam }) => editTeam(terminal(), name, options)),
    );
  const block = (verb: 'block' | 'unblock', purpose: string): Command =>
    gatewayClientCommand({
      name: verb,
      purpose,
      description: 'From the next request on.',
      examples: [[`teams ${verb} research`, 'at once']],
      page,
    })
      .argument('<team>', 'its id or name')
      .action((name: string, options: TeamCommandOptions, command: Command) =>
        run(options, command, ({ setTeamBlocked }) => setTeamBlocked(terminal(), verb, name, options)),
      );
  const member = (verb: 'add' | 'remove', purpose: string): Command =>
    gatewayClientCommand({
      name: `${verb}-member`,
      purpose,
      description: 'By the id of a user, or by an address.',
      examples: [[`teams ${verb}-member research ada@example.com`, 'by an address']],
      page,
    })
      .argument('<team>', 'its id or name')
      .argument('<user>', 'the id or the address of the user')
      .action((team: string, user: string, options: TeamCommandOptions, command: Command) =>
        run(options, command, ({ changeMember }) => changeMember(terminal(), verb, { team, user }, options)),
      );
  const remove = withYes(
    gatewayClientCommand({
      name: 'delete',
      purpose: 'Delete a team and its keys',
      description: 'The keys are refused from the next request on.',
      examples: [['teams delete research', 'asks first']],
      page,
    }),
  )
    .argument('<team>', 'its id or name')
    .action((name: string, options: TeamCommandOptions, command: Command) =>
      run(options, command, ({ deleteTeam }) => deleteTeam(terminal(), name, options)),
    );
  const all = described({
    name: 'teams',
    purpose: 'Make and change teams of keys in a running gateway',
    description: 'Teams of litellm_teams are shown and changed in their file.',
    examples: [
      ['teams create research --rpm-limit 600', 'a team'],
      ['teams list', 'all teams'],
    ],
    page,
  });
  const members = [
    member('add', 'Take a user into a team').option('--role <role>', 'admin or user (default: user)'),
    member('remove', 'Take a user out of a team'),
  ];
  const blocks = [block('block', 'Refuse all keys of a team'), block('unblock', 'Take them again')];
  for (const command of [create, list, show, edit, ...blocks, ...members, remove]) all.addCommand(command);
  return all;
}
