import type { Command } from 'commander';
import type { ReleasesOptions } from '../actions/releases.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { questionCommand } from './releases.ts';
import type { HandOn } from './servers.ts';

/** `hxllm drift` */
export function driftCommand(handOn: HandOn): Command {
  const command = questionCommand({
    name: 'drift',
    purpose: 'Show what on the hosts is no longer as it was applied; exit code 2 if anything is',
    description:
      'Compares each host with the record of its running deployment, not with your files: files, folders, links, release, runtime, units, the state of the service, and things of others in its folders. Changes nothing, writes no evidence, prints nothing if nothing differs. Drop-ins of units are yours and no drift.',
    examples: [
      ['drift', 'every host of the group'],
      ['drift hx-api-server --json', 'one host, as a document'],
      ['drift || mail -s drift ops@example.org < /dev/null', 'in cron'],
    ],
    page: 'operations',
  });
  return command.action((pattern: string | undefined, options: ReleasesOptions) =>
    handOn([], async () => {
      const { showDrift } = await import('../actions/drift.ts');
      return () => showDrift(processTerminal(), pattern === undefined ? options : { ...options, limit: pattern });
    }),
  );
}
