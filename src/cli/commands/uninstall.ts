import type { Command } from 'commander';
import { UNINSTALL } from '../../phases/enforce/uninstall/index.ts';
import type { UninstallCommandOptions } from '../actions/uninstall.ts';
import { phaseCommand, withBecome, withYes, type Start } from './phase-command.ts';

/** `hxllm uninstall` */
export function uninstallCommand(start: Start): Command {
  const text = {
    name: UNINSTALL.name,
    phase: UNINSTALL,
    purpose: 'Remove everything that hxllm installed on the hosts, and nothing else',
    description:
      'Removes everything with hxllm’s mark: service, socket, configuration, releases, runtime, and the user that it created. Lists what it leaves.',
    examples: [
      ['uninstall --limit hx-api-server', 'one host'],
      ['uninstall --dry-run', 'only show the plan'],
      ['uninstall --keep-data', 'keys and usage stay for a later enforce'],
    ],
    page: 'operations',
  } as const;
  const own = (command: Command): Command =>
    withYes(
      command
        .option('--dry-run', 'show the plan and change nothing')
        .option('--keep-data', 'leave keys, usage and all else that the gateway has stored'),
    );
  return withBecome(phaseCommand(text, own)).action((options: UninstallCommandOptions, command: Command) =>
    start(command, options, false, async (session) => [
      await (await import('../actions/uninstall.ts')).runUninstallCommand(session, options),
    ]),
  );
}
