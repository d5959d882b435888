import type { Command } from 'commander';
import { INVENTORY } from '../../phases/inventory/index.ts';
import type { InventoryCommandOptions } from '../actions/inventory.ts';
import { collect, phaseCommand, withYes, type Start } from './phase-command.ts';

/** `hxllm inventory [host]` */
export function inventoryCommand(start: Start): Command {
  const text = {
    name: INVENTORY.name,
    phase: INVENTORY,
    purpose: 'Judge the operator’s own files and add what they lack',
    description:
      'Adds the group [litellm], litellm_backends and litellm_models to the inventory and group_vars; comments and order stay. The diff is shown and asked about; all is written, or nothing.',
    examples: [
      ['inventory --init api.example.net --backend http://llm01:11434', 'a new inventory, with what that server has'],
      ['inventory hx-api-server', 'put a host of the inventory into [litellm]'],
      ['inventory --vault-init', 'make the master key in an encrypted vault'],
      ['inventory --dry-run', 'only show what would be written'],
    ],
    page: 'configuration',
  } as const;
  const own = (command: Command): Command =>
    withYes(
      command
        .argument('[host]', 'the host that is to run the gateway')
        .option('--init <host>', 'write a new inventory and group_vars for this host')
        .option('--backend <url>', 'an Ollama server, asked for its models (repeatable)', collect)
        .option('--vault-init', 'make a master key and the vault that holds it')
        .option('--dry-run', 'show the changes and write nothing'),
    );
  return phaseCommand(text, own).action(
    async (host: string | undefined, options: InventoryCommandOptions, command: Command) => {
      if (host !== undefined && options.init !== undefined)
        command.error('error: --init HOST names the host already; leave the argument out');
      await start(command, options, false, async (session) => [
        await (await import('../actions/inventory.ts')).runInventoryCommand(session, host, options, false),
      ]);
    },
  );
}
