import type { Command } from 'commander';
import type { ReleasesOptions } from '../actions/releases.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { described, INVENTORY_OPTION, transportOption, withBecome } from './phase-command.ts';
import type { HandOn } from './servers.ts';
import { collect, withVaultPassword } from './vault-options.ts';

/** `hxllm releases` */
export function releasesCommand(handOn: HandOn): Command {
  const command = described({
    name: 'releases',
    purpose: 'List the deployments that the hosts keep: when, by whom, what changed, which one runs',
    description: 'Asks the hosts, changes nothing, writes no evidence.',
    examples: [
      ['releases', 'every host of the group'],
      ['releases hx-api-server', 'one host'],
      ['releases --json', 'as a document'],
    ],
    page: 'operations',
  });
  return withHosts(command).action((pattern: string | undefined, options: ReleasesOptions) =>
    handOn([], async () => {
      const { showReleases } = await import('../actions/releases.ts');
      return () => showReleases(processTerminal(), pattern === undefined ? options : { ...options, limit: pattern });
    }),
  );
}

/** Adds the options of a command that asks the hosts of the inventory and leaves no evidence. */
export function withHosts(command: Command): Command {
  return withBecome(
    withVaultPassword(command)
      .argument('[host]', 'only this host, or an Ansible pattern, as with --limit')
      .option('-i, --inventory <source>', INVENTORY_OPTION, collect)
      .option('--limit <pattern>', 'only these hosts (an Ansible pattern)')
      .option('-k, --ask-pass', 'ask for the SSH password of the hosts')
      .option('--connection-password-file <file>', 'read it from a file, or from a program’s output')
      .addOption(transportOption())
      .option('--json', 'print one JSON document on stdout, everything else on stderr'),
  );
}
