import type { Command } from 'commander';
import type { ReleasesOptions } from '../actions/releases.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { hostCommand } from './host-command.ts';
import type { CommandText } from './phase-command.ts';
import type { HandOn } from './servers.ts';

/** `hxllm releases` */
export function releasesCommand(handOn: HandOn): Command {
  const command = questionCommand({
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
  return command.action((pattern: string | undefined, options: ReleasesOptions) =>
    handOn([], async () => {
      const { showReleases } = await import('../actions/releases.ts');
      return () => showReleases(processTerminal(), pattern === undefined ? options : { ...options, limit: pattern });
    }),
  );
}

/** A command that asks the hosts of the inventory. */
export function questionCommand(text: CommandText): Command {
  return hostCommand(text)
    .argument('[host]', 'only this host, or an Ansible pattern, as with --limit')
    .option('--json', 'print one JSON document on stdout, everything else on stderr');
}
