import { InvalidArgumentError, Option, type Command } from 'commander';
import type { GatewayCommandOptions } from '../keys/gateway-command.ts';
import { described, INVENTORY_OPTION, transportOption, type CommandText } from './phase-command.ts';
import { collect, withVaultPassword } from './vault-options.ts';

/** A command that asks one gateway: that of the inventory, or that of `--url`. */
export function gatewayClientCommand(text: CommandText): Command {
  return withVaultPassword(described(text))
    .option('--url <url>', 'this gateway instead of the inventory’s')
    .option('--key-file <file>', 'with --url: a file with its master key, or a management key')
    .option('-i, --inventory <source>', INVENTORY_OPTION, collect)
    .option('--limit <pattern>', 'the host to ask, if there are several (an Ansible pattern)')
    .option('--through-ssh', 'reach the gateway through the SSH connection')
    .addOption(transportOption())
    .option('--json', 'print one JSON document');
}

/** Adds the options that stand for fields of keys and teams. */
export function withFields(command: Command): Command {
  return command
    .option('--model <name>', 'a model, pattern or access group that it may use (repeatable; default: all)', collect)
    .option('--rpm-limit <requests>', 'the most requests in any 60 seconds', limit)
    .option('--tpm-limit <tokens>', 'the most tokens of prompts and answers in any 60 seconds', limit)
    .option('--max-parallel-requests <requests>', 'the most requests under way at once', limit)
    .option('--tag <tag>', 'a tag (repeatable)', collect)
    .option(
      '--set <name=value>',
      'any other field of LiteLLM’s API; the value is JSON, or else a text (repeatable)',
      collect,
    );
}

/** Adds the options of keys alone. */
export function withKeyFields(command: Command): Command {
  return withFields(command)
    .option('--team <id>', 'its team')
    .option('--user <id>', 'its user')
    .option('--duration <time>', 'its life from now: 30s, 12h, 30d, 2w, 1mo (default: no end)')
    .option('--key-type <type>', 'default, llm_api, management or read_only')
    .option('--allowed-route <path>', 'a path, pattern or group of paths that it may call (repeatable)', collect);
}

/** Refuses options that do not go together. */
export function judgeGatewayOptions(options: GatewayCommandOptions, command: Command): void {
  const { url, keyFile, inventory, limit: pattern, throughSsh, transport } = options;
  if (keyFile !== undefined && url === undefined)
    command.error('error: --key-file needs --url (without --url the key comes from the vault)');
  const ofInventory = [
    inventory,
    pattern,
    throughSsh,
    options.askVaultPass,
    options.vaultPasswordFile,
    options.vaultId,
  ];
  if (url !== undefined && ofInventory.some((one) => one !== undefined))
    command.error(
      'error: --url cannot be combined with -i, --limit, --through-ssh or a vault password: it uses no inventory',
    );
  if (transport !== undefined && throughSsh !== true) command.error('error: --transport needs --through-ssh');
}

/** A limit: 0 lets nothing through. */
function limit(text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError('Expected a whole number of at least 0.');
  return Number(text);
}

/** `--csv` of lists and tables. */
export function csvOption(): Option {
  return new Option('--csv', 'print CSV').conflicts('json');
}
