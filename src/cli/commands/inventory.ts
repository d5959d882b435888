import type { Command } from 'commander';
import { INVENTORY } from '../../phases/inventory/index.ts';
import type { RotationOptions } from '../actions/inventory-rotation.ts';
import type { InventoryCommandOptions } from '../actions/inventory.ts';
import { inventoryViews } from './inventory-views.ts';
import { phaseCommand, withBecome, withYes, type Start } from './phase-command.ts';
import { collect } from './vault-options.ts';
import type { HandOn } from './servers.ts';

/** `hxllm inventory` */
export function inventoryCommand(start: Start, handOn: HandOn): Command {
  const text = {
    name: INVENTORY.name,
    phase: INVENTORY,
    purpose: 'Check the inventory and its variables, and add missing parts',
    description:
      'Adds the group [litellm], litellm_backends and litellm_models to the inventory and group_vars; comments and order are kept. Shows the diff and asks; all files are written, or none.',
    examples: [
      [
        'inventory --init api.example.net --backend http://llm01:11434',
        'a new inventory with the models of that server',
      ],
      ['inventory --add hx-api-server', 'add a host to [litellm]'],
      ['inventory --vault-init', 'create the master key in an encrypted vault'],
      ['inventory --rotate-key', 'a new master key in the vault, beside the one before'],
      ['inventory --scan', 'compare the servers, and propose num_parallel, max_loaded_models and num_ctx'],
      ['inventory --dry-run', 'only show the changes'],
      ['inventory --quarantine', 'move vaults and secrets that nothing reads out of the way'],
    ],
    page: 'configuration',
  } as const;
  const own = (command: Command): Command =>
    withBecome(
      withYes(
        command
          .allowExcessArguments()
          .option('--init <host>', 'write a new inventory and group_vars for this host')
          .option('--add <host>', 'add this host to [litellm], and to the inventory if it is new there')
          .option('--backend <url>', 'an Ollama server, asked for its models (repeatable)', collect)
          .option('--scan', 'ask the servers for models, settings and GPUs, and propose what they state')
          .option('--vault-init', 'create a master key, in a new encrypted vault')
          .option('--rotate-key', 'write a new master key to the vault, and keep the one before, which works too')
          .option('--finish', 'with --rotate-key: take the key before out of use')
          .option('--discard-previous', 'with --rotate-key: also where the last rotation is not finished')
          .option('--quarantine', 'move files with secrets that nothing reads to .quarantine beside the inventory')
          .option('--restore <file>', 'put a file of the quarantine back')
          .option('--dry-run', 'show the changes and write nothing'),
      ),
    );
  const inventory = phaseCommand(text, own)
    .enablePositionalOptions()
    .action(
      async (
        options: InventoryCommandOptions &
          RotationOptions & { readonly add?: string; readonly restore?: string; readonly rotateKey?: boolean },
        command: Command,
      ) => {
        // A word alone is no host: `hxllm inventory lst` must not write a host named lst.
        const [word] = command.args;
        if (word !== undefined)
          command.error(`error: unexpected argument '${word}'\nTo add a host: hxllm inventory --add ${word}`);
        if (options.add !== undefined && options.init !== undefined)
          command.error('error: --init HOST names the host already; remove --add');
        const { restore, rotateKey = false, finish, discardPrevious, ...others } = options;
        if (!rotateKey && (finish ?? discardPrevious) !== undefined)
          command.error(`error: ${finish === true ? '--finish' : '--discard-previous'} belongs to --rotate-key`);
        if (finish === true && discardPrevious === true)
          command.error('error: --discard-previous begins a rotation; remove --finish');
        const alone = ['init', 'add', 'scan', 'backend', 'vaultInit', 'quarantine'].find((name) => name in others);
        if (rotateKey && (alone ?? restore) !== undefined)
          command.error('error: --rotate-key changes the key and nothing else; run the rest as a command of its own');
        await start(command, options, false, async (session) => [
          rotateKey
            ? await (await import('../actions/inventory-rotation.ts')).runRotation(session, options)
            : restore === undefined
              ? await (
                  await import('../actions/inventory.ts')
                ).runInventoryCommand(session, options.add, options, false)
              : await (await import('../actions/inventory-strays.ts')).runRestore(session, restore),
        ]);
      },
    );
  for (const command of inventoryViews(handOn)) inventory.addCommand(command);
  return inventory;
}
