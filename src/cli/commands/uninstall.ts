import type { Command } from 'commander';
import { UNINSTALL } from '../../phases/enforce/uninstall/index.ts';
import type { PhaseOptions } from '../run/session.ts';
import { phaseCommand, withYes, type Start } from './phase-command.ts';

/** `hxllm uninstall` */
export function uninstallCommand(start: Start): Command {
  const text = {
    name: UNINSTALL.name,
    phase: UNINSTALL,
    purpose: 'Remove from every host what hxllm put there, and nothing else',
    description:
      'Removes what carries hxllm’s mark: service, socket, configuration, releases, runtime, and the user that it made. Says what it left.',
    examples: [
      ['uninstall --limit hx-api-server', 'one host'],
      ['uninstall --dry-run', 'only show what would be removed'],
    ],
    page: 'operations',
  } as const;
  const own = (command: Command): Command =>
    withYes(command.option('--dry-run', 'show what would be removed and change nothing'));
  return phaseCommand(text, own).action((options: PhaseOptions, command: Command) =>
    start(command, options, false, async (session) => [
      await (await import('../actions/uninstall.ts')).runUninstallCommand(session, options),
    ]),
  );
}
