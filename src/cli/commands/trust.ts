import type { Command } from 'commander';
import type { TrustOptions } from '../actions/trust.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { collect, described, INVENTORY_OPTION, withYes } from './phase-command.ts';
import type { HandOn } from './servers.ts';

/** `hxllm trust` */
export function trustCommandOf(handOn: HandOn): Command {
  const command = described({
    name: 'trust',
    purpose: 'Record the SSH keys of hosts in known_hosts, after you compared their fingerprints',
    description:
      'Asks each host, and each jump host on the way, for its keys, and tries no login there. A changed or a revoked key is never replaced.',
    examples: [
      ['trust hx-api-server', 'a host of the inventory'],
      ["trust litellm 'hx-llm*'", 'a group, and hosts by a pattern'],
      ['trust deploy@10.0.0.5:2222', 'an address'],
      ['trust all --yes', 'without questions: only on a network that you trust'],
    ],
    page: 'install',
  });
  return withYes(command)
    .argument('<hosts...>', 'hosts of the inventory (names, groups, Ansible patterns), or addresses')
    .option('-i, --inventory <source>', INVENTORY_OPTION, collect)
    .option('--ask-vault-pass', 'ask for the vault password, if the address of a host is encrypted')
    .option('--vault-password-file <file>', 'read the vault password from a file, or from a program’s output')
    .option('--json', 'print one JSON document on stdout, everything else on stderr')
    .action((hosts: readonly string[], options: TrustOptions, own: Command) => {
      const terminal = processTerminal();
      if (options.askVaultPass === true && !terminal.interactive)
        own.error('error: --ask-vault-pass needs a terminal; without one: --vault-password-file FILE');
      return handOn([], async () => {
        const { trustHosts } = await import('../actions/trust.ts');
        return () => trustHosts(terminal, hosts, options);
      });
    });
}
