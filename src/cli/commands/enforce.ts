import type { Command } from 'commander';
import { ENFORCE } from '../../phases/enforce/index.ts';
import type { EnforceCommandOptions } from '../actions/enforce.ts';
import { phaseCommand, withYes, type Start } from './phase-command.ts';

/** `hxllm enforce` */
export function enforceCommand(start: Start): Command {
  const text = {
    name: ENFORCE.name,
    phase: ENFORCE,
    purpose: 'Install or update the gateway on every host',
    description:
      'Compares each host with what is wanted, shows the plan, asks, applies it and waits until the gateway is healthy. What is as wanted already is left alone; a second run changes nothing.',
    examples: [
      ['enforce --dry-run', 'the plan, and nothing else'],
      ['enforce --limit hx-api-server --ask-vault-pass', 'one host'],
      ['enforce --take-over --ask-vault-pass', 'in place of a LiteLLM that runs there; a copy is kept'],
      ['enforce --dry-run --detailed-exitcode', 'exit code 2 where something differs'],
    ],
    page: 'operations',
  } as const;
  const own = (command: Command): Command =>
    withYes(
      command
        .option('--dry-run', 'show the plan that would be applied and change nothing')
        .option('--check', 'the same, as Ansible calls it')
        .option('--diff', 'show new files line by line too; a dry run does so anyway')
        .option('--detailed-exitcode', 'with --dry-run: exit code 2 where changes are pending')
        .option('--take-over', 'replace a LiteLLM that is not hxllm’s, after keeping a copy')
        .option('--runtime <file>', 'a Node.js for hosts of another architecture than this machine'),
    );
  return phaseCommand(text, own).action((options: EnforceCommandOptions, command: Command) =>
    start(command, options, false, async (session) => [
      await (await import('../actions/enforce.ts')).runEnforceCommand(session, options),
    ]),
  );
}
