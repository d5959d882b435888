import type { Command } from 'commander';
import type { FleetOptions } from '../actions/fleet.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { described, INVENTORY_OPTION, transportOption } from './phase-command.ts';
import type { HandOn } from './servers.ts';
import { collect, withVaultPassword } from './vault-options.ts';

/** `hxllm fleet` */
export function fleetCommand(handOn: HandOn): Command {
  const text = {
    name: 'fleet',
    purpose: 'Show the servers of a running gateway: models, slots, queues, loads',
    description: 'Asks the gateway alone (GET /fleet): no server is asked, nothing is changed, no evidence is written.',
    examples: [
      ['fleet --ask-vault-pass', 'the gateway of the inventory, with the key from the vault'],
      ['fleet --watch --url http://host:4000 --key-file key.txt', 'any hxllm gateway, once a second until Ctrl-C'],
      ['fleet --through-ssh --ask-vault-pass', 'if a firewall blocks the port'],
      ['fleet --replay route.ndjson --servers +1', 'a recorded trace, and what one more server would have done'],
      ['fleet --json --url http://host:4000 --key-file key.txt', 'the document of GET /fleet'],
    ],
    page: 'operations',
  } as const;
  return withVaultPassword(described(text))
    .option('--watch', 'show it again every second, until Ctrl-C')
    .option('--json', 'print the gateway’s document as it is')
    .option('--url <url>', 'ask this gateway instead of the inventory’s')
    .option('--key-file <file>', 'with --url: a file with its master key')
    .option('-i, --inventory <source>', INVENTORY_OPTION, collect)
    .option('--limit <pattern>', 'the host to ask, if there are several (an Ansible pattern)')
    .option('--through-ssh', 'reach the gateway through the SSH connection')
    .addOption(transportOption())
    .option(
      '--replay <trace>',
      'play a trace of HXLLM_ROUTE_TRACE again, and show what more servers or slots would have done',
    )
    .option('--servers <n>', 'with --replay: servers more (default: +1)')
    .option('--slots <n>', 'with --replay: slots more of each model (default: +2)')
    .option('--strategy <name>', 'with --replay: compare with this routing strategy')
    .action(async (options: FleetOptions, command: Command) => {
      const { url, keyFile, watch, json, inventory, limit, throughSsh, askVaultPass, vaultPasswordFile, vaultId } =
        options;
      if (keyFile !== undefined && url === undefined)
        command.error('error: --key-file needs --url (without --url the key comes from the vault)');
      if (
        url !== undefined &&
        [inventory, limit, throughSsh, askVaultPass, vaultPasswordFile, vaultId].some((one) => one !== undefined)
      )
        command.error(
          'error: --url cannot be combined with -i, --limit, --through-ssh or a vault password: it uses no inventory',
        );
      if (options.transport !== undefined && throughSsh !== true)
        command.error('error: --transport needs --through-ssh');
      if (watch === true && json === true)
        command.error('error: --watch cannot be combined with --json: it prints one document');
      const terminal = processTerminal();
      if (options.replay !== undefined) {
        if (
          [url, inventory, limit, throughSsh, askVaultPass, vaultPasswordFile, vaultId, watch].some(
            (one) => one !== undefined,
          )
        )
          command.error(
            'error: --replay reads a file and asks no gateway: it goes with --servers, --slots, --strategy and --json',
          );
        const { replay: file, strategy } = options;
        const more = {
          servers: countOf(command, '--servers', options.servers),
          slots: countOf(command, '--slots', options.slots),
          strategy,
        };
        await handOn([], async () => {
          const { showReplay } = await import('../actions/fleet-replay.ts');
          return async () => showReplay(terminal, file, more, json === true);
        });
        return;
      }
      if ([options.servers, options.slots, options.strategy].some((one) => one !== undefined))
        command.error('error: --servers, --slots and --strategy need --replay TRACE');
      await handOn([], async () => {
        const { showFleet } = await import('../actions/fleet.ts');
        return () => showFleet(terminal, options);
      });
    });
}

function countOf(command: Command, flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\+?[1-9]\d{0,2}$/.test(text))
    command.error(`error: expected a whole number from 1 to 999 for ${flag}, found ${text}`);
  return Number(text);
}
