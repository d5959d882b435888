import type { Command } from 'commander';
import { PREFLIGHT } from '../../phases/preflight/index.ts';
import type { PhaseOptions } from '../run/session.ts';
import { phaseCommand, withBecome, type Start } from './phase-command.ts';

/** `hxllm preflight` */
export function preflightCommand(start: Start): Command {
  return withBecome(
    phaseCommand({
      name: PREFLIGHT.name,
      phase: PREFLIGHT,
      purpose: 'Check whether every host is ready, and change nothing',
      description:
        'Asks each host of [litellm] over SSH, in one script, about its system, sudo, disk, port and name resolution, and from each host every backend about its models.',
      examples: [
        ['preflight', 'every host of [litellm]'],
        ['preflight -i inventories/dev.ini --limit hx-api-server', 'one host of that inventory'],
        ['preflight --json | jq .results', 'for a program'],
      ],
      page: 'install',
    }),
  ).action((options: PhaseOptions, command: Command) =>
    start(command, options, false, async (session) => [
      await (await import('../actions/preflight.ts')).runPreflightCommand(session),
    ]),
  );
}
