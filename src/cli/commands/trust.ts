import type { Command } from 'commander';
import type { TrustOptions } from '../actions/trust.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { described, INVENTORY_OPTION, withYes } from './phase-command.ts';
import type { HandOn } from './servers.ts';
import { collect, withVaultPassword } from './vault-options.ts';

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
  return withVaultPassword(withYes(command))
    .argument('<hosts...>', 'hosts of the inventory (names, groups, Ansible patterns), or addresses')
    .option('-i, --inventory <source>', INVENTORY_OPTION, collect)
    .option('--json', 'print one JSON document on stdout, everything else on stderr')
    .action((hosts: readonly string[], options: TrustOptions) =>
      handOn([], async () => {
        const { trustHosts } = await import('../actions/trust.ts');
        return () => trustHosts(processTerminal(), hosts, options);
      }),
    );
}
