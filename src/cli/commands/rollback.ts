import { InvalidArgumentError, type Command } from 'commander';
import { ROLLBACK } from '../../phases/enforce/rollback/index.ts';
import type { RollbackOptions } from '../actions/rollback.ts';
import { phaseCommand, withBecome, withYes, type Start } from './phase-command.ts';

/** `hxllm rollback` */
export function rollbackCommandOf(start: Start): Command {
  const text = {
    name: ROLLBACK.name,
    phase: ROLLBACK,
    purpose: 'Go back to an earlier deployment, with its release and its configuration',
    description:
      'Plans, shows, asks and applies like enforce, and waits until the gateway is healthy. The keys on the host stay as they are, so no vault is opened. It is a deployment of its own; the next enforce deploys your files again, and says so.',
    examples: [
      ['rollback --dry-run', 'only show the way back to the deployment before'],
      ['rollback 12 --limit hx-api-server', 'to a deployment of `hxllm releases`'],
      ['rollback -2 --code-only', 'two deployments back, and keep the configuration'],
    ],
    page: 'operations',
  } as const;
  const own = (command: Command): Command =>
    withYes(
      command
        .argument('[deployment]', 'its number, or -1, -2 …: counted back from the running one', deploymentOf, -1)
        .option('--code-only', 'only the release; config.yaml and the units stay')
        .option('--dry-run', 'show the plan and change nothing')
        .option('--check', 'Ansible’s name for --dry-run')
        .option('--detailed-exitcode', 'with --dry-run: exit code 2 if changes are pending'),
    );
  return withBecome(phaseCommand(text, own)).action((to: number, options: RollbackOptions, command: Command) =>
    start(command, options, false, async (session) => [
      await (await import('../actions/rollback.ts')).runRollbackCommand(session, to, options),
    ]),
  );
}

function deploymentOf(text: string): number {
  if (/^-?[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`Expected the number of a deployment, or -1, -2 …, found ${JSON.stringify(text)}.`);
}
