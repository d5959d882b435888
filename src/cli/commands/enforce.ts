import type { Command } from 'commander';
import { ENFORCE } from '../../phases/enforce/index.ts';
import type { EnforceCommandOptions } from '../actions/enforce.ts';
import { phaseCommand, withBecome, withYes, type Start } from './phase-command.ts';

/** `hxllm enforce` */
export function enforceCommand(start: Start): Command {
  const text = {
    name: ENFORCE.name,
    phase: ENFORCE,
    purpose: 'Install or update the gateway on every host',
    description:
      'Compares each host with the desired state, shows the plan, asks, applies it, and waits until the gateway is healthy. Idempotent: only differences are applied.',
    examples: [
      ['enforce --dry-run --ask-vault-pass', 'only show the plan'],
      ['enforce --limit hx-api-server --ask-vault-pass', 'one host'],
      ['enforce --take-over --ask-vault-pass', 'replace a running LiteLLM; a copy is kept'],
      ['enforce --dry-run --detailed-exitcode --ask-vault-pass', 'exit code 2 if something differs'],
    ],
    page: 'operations',
  } as const;
  const own = (command: Command): Command =>
    withYes(
      command
        .option('--dry-run', 'show the plan and change nothing')
        .option('--check', 'Ansible’s name for --dry-run')
        .option('--diff', 'also show new files line by line; a dry run always does')
        .option('--detailed-exitcode', 'with --dry-run: exit code 2 if changes are pending')
        .option('--take-over', 'replace a LiteLLM that hxllm did not install, and keep a copy')
        .option('--allow-downgrade', 'replace a release that is newer than this hxllm')
        .option('--verify', 'hash the runtime on the host, also where its size and time are as they were sent')
        .option('--runtime <file>', 'the Node.js for hosts with another architecture than this machine'),
    );
  return withBecome(phaseCommand(text, own)).action((options: EnforceCommandOptions, command: Command) =>
    start(command, options, false, async (session) => [
      await (await import('../actions/enforce.ts')).runEnforceCommand(session, options),
    ]),
  );
}
