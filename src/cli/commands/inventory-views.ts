import type { Command } from 'commander';
import type * as InventoryViews from '../actions/inventory-views.ts';
import type { InventoryViewOptions } from '../actions/inventory-views.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { described, INVENTORY_OPTION } from './phase-command.ts';
import type { HandOn } from './servers.ts';
import { collect, withVaultPassword } from './vault-options.ts';

/** The commands below `hxllm inventory` that only show: `list`, `graph` and `explain`. They write nothing, evidence neither. */
export function inventoryViews(handOn: HandOn): readonly Command[] {
  const run = (
    command: Command,
    show: (actions: typeof InventoryViews, terminal: Terminal, options: InventoryViewOptions) => Promise<number>,
  ): Promise<void> => {
    const terminal = processTerminal();
    // Options may also stand before the word, at `inventory`.
    const options: InventoryViewOptions = {
      ...command.parent?.opts<InventoryViewOptions>(),
      ...command.opts<InventoryViewOptions>(),
    };
    return handOn([], async () => {
      const actions = await import('../actions/inventory-views.ts');
      return () => show(actions, terminal, options);
    });
  };
  const list = shared({
    name: 'list',
    purpose: 'Print groups, hosts and raw variables, as ansible-inventory --list',
    description: 'Values of encrypted files are not shown; templates and !vault stay as the files have them.',
    examples: [
      ['inventory list -i inventories/', 'the JSON document of ansible-inventory --list'],
      ['inventory list --limit litellm', 'only these hosts'],
    ],
    page: 'configuration',
  })
    .option('--limit <pattern>', 'only these hosts (an Ansible pattern)')
    .action((_options: object, command: Command) => run(command, (actions, ...rest) => actions.showList(...rest)));
  const graph = shared({
    name: 'graph',
    purpose: 'Print the tree of groups and hosts, as ansible-inventory --graph',
    description: 'A group alone, or the whole inventory.',
    examples: [
      ['inventory graph', 'all groups'],
      ['inventory graph litellm', 'one group and the groups below it'],
    ],
    page: 'configuration',
  })
    .argument('[group]', 'the group at the top', 'all')
    .action((group: string, _options: object, command: Command) =>
      run(command, (actions, terminal, options) => actions.showGraph(terminal, group, options)),
    );
  const explain = shared({
    name: 'explain',
    purpose: 'Show each definition of a host’s variables, which one counts and why',
    description:
      'Each line has a file and its line; the first one counts, and each other one says what overrides it. Encrypted values are never shown.',
    examples: [
      ['inventory explain hx-api-server litellm_port', 'one variable'],
      ['inventory explain hx-api-server', 'every variable of the host'],
    ],
    page: 'configuration',
  })
    .argument('<host>', 'a host of the inventory')
    .argument('[variable]', 'the name of a variable')
    .action((host: string, variable: string | undefined, _options: object, command: Command) =>
      run(command, (actions, terminal, options) => actions.showExplanation(terminal, host, variable, options)),
    );
  return [list, graph, explain];
}

function shared(text: Parameters<typeof described>[0]): Command {
  return withVaultPassword(described(text))
    .option('-i, --inventory <source>', INVENTORY_OPTION, collect)
    .option('--json', 'print one JSON document');
}
