import type { Command } from 'commander';
import type { ImportOptions } from '../actions/keys/import-keys.ts';
import type * as keyActions from '../actions/keys/keys.ts';
import type { KeyCommandOptions } from '../actions/keys/keys.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { csvOption, gatewayClientCommand, judgeGatewayOptions, withKeyFields } from './gateway-options.ts';
import { withYes } from './phase-command.ts';
import type { HandOn } from './servers.ts';
import { collect } from './vault-options.ts';

type Actions = typeof keyActions;

/** The commands of `hxllm keys` that ask a running gateway. */
export function gatewayKeyCommands(handOn: HandOn): readonly Command[] {
  const page = 'operations';
  const run = (
    options: KeyCommandOptions,
    command: Command,
    act: (actions: Actions) => Promise<number>,
  ): Promise<void> => {
    judgeGatewayOptions(options, command);
    return handOn([], async () => {
      const actions = await import('../actions/keys/keys.ts');
      return () => act(actions);
    });
  };
  const terminal = processTerminal;
  const create = withKeyFields(
    gatewayClientCommand({
      name: 'create',
      purpose: 'Make a key in a running gateway',
      description: 'The key is shown only now, on stdout. It works at once.',
      examples: [
        ['keys create open-webui --rpm-limit 600 --ask-vault-pass', 'a key with a limit'],
        ['keys create intern --model phi3-3.8b --duration 90d', 'a key for one model, with an end'],
      ],
      page,
    }),
  )
    .argument('<alias>', 'the name of the key')
    .action((alias: string, options: KeyCommandOptions, command: Command) =>
      run(options, command, ({ createKey }) => createKey(terminal(), alias, options)),
    );
  const list = gatewayClientCommand({
    name: 'list',
    purpose: 'Show the keys of a running gateway',
    description: 'Those of litellm_keys come first, marked with file.',
    examples: [['keys list --team research', 'the keys of a team']],
    page,
  })
    .option('--team <id>', 'only keys of this team')
    .option('--user <id>', 'only keys of this user')
    .option('--status <state>', 'only active, expired, revoked or deleted keys')
    .option('--search <text>', 'only keys with this in their name')
    .addOption(csvOption())
    .action((options: KeyCommandOptions, command: Command) =>
      run(options, command, ({ listKeys }) => listKeys(terminal(), options)),
    );
  const show = gatewayClientCommand({
    name: 'show',
    purpose: 'Show everything about a key',
    description: 'Its text is never shown again.',
    examples: [['keys show open-webui', 'limits, models, life']],
    page,
  })
    .argument('<key>', 'its alias, id or hash')
    .action((name: string, options: KeyCommandOptions, command: Command) =>
      run(options, command, ({ showKey }) => showKey(terminal(), name, options)),
    );
  const edit = withKeyFields(
    gatewayClientCommand({
      name: 'edit',
      purpose: 'Change a key',
      description: 'Only the fields that are named change, from the next request on.',
      examples: [
        ['keys edit intern --duration 30d', 'thirty days more from now'],
        ['keys edit intern --clear rpm_limit', 'without the limit'],
      ],
      page,
    }),
  )
    .option('--alias <name>', 'another name')
    .option('--clear <field>', 'take this field away (repeatable)', collect)
    .argument('<key>', 'its alias, id or hash')
    .action((name: string, options: KeyCommandOptions, command: Command) =>
      run(options, command, ({ editKey }) => editKey(terminal(), name, options)),
    );
  const block = (verb: 'block' | 'unblock', purpose: string): Command =>
    gatewayClientCommand({
      name: verb,
      purpose,
      description: 'From the next request on; running requests end as they began.',
      examples: [[`keys ${verb} intern`, 'at once']],
      page,
    })
      .argument('<key>', 'its alias, id or hash')
      .action((name: string, options: KeyCommandOptions, command: Command) =>
        run(options, command, ({ setKeyBlocked }) => setKeyBlocked(terminal(), verb, name, options)),
      );
  const rotate = gatewayClientCommand({
    name: 'rotate',
    purpose: 'Give a key another text',
    description: 'Name, limits and use stay. The new key is shown only now.',
    examples: [['keys rotate open-webui --grace 24h', 'both work for a day']],
    page,
  })
    .option('--grace <time>', 'how long the old text works, too: 30m, 24h, 7d (default: not at all)')
    .argument('<key>', 'its alias, id or hash')
    .action((name: string, options: KeyCommandOptions, command: Command) =>
      run(options, command, ({ rotateKey }) => rotateKey(terminal(), name, options)),
    );
  const remove = withYes(
    gatewayClientCommand({
      name: 'delete',
      purpose: 'Delete keys',
      description: 'They are refused from the next request on.',
      examples: [['keys delete intern', 'asks first']],
      page,
    }),
  )
    .argument('<key...>', 'their aliases, ids or hashes')
    .action((names: readonly string[], options: KeyCommandOptions, command: Command) =>
      run(options, command, ({ deleteKeys }) => deleteKeys(terminal(), names, options)),
    );
  return [
    create,
    list,
    show,
    edit,
    block('block', 'Refuse a key'),
    block('unblock', 'Take a blocked key again'),
    rotate,
    remove,
    importCommand(handOn),
  ];
}

function importCommand(handOn: HandOn): Command {
  return gatewayClientCommand({
    name: 'import',
    purpose: 'Take over the keys of a LiteLLM installation',
    description:
      'Reads tables of LiteLLM’s database as CSV: hashes, names, limits, teams. The keys go on working as they are. Rows that were left are listed.',
    examples: [
      ['keys import --from keys.csv --teams teams.csv', 'the command that writes the files: hxllm docs operations'],
    ],
    page: 'operations',
  })
    .requiredOption('--from <file>', 'the table of keys, LiteLLM_VerificationToken')
    .option('--teams <file>', 'the table of teams, LiteLLM_TeamTable')
    .action((options: ImportOptions, command: Command) => {
      judgeGatewayOptions(options, command);
      return handOn([], async () => {
        const { importKeys } = await import('../actions/keys/import-keys.ts');
        return () => importKeys(processTerminal(), options);
      });
    });
}
