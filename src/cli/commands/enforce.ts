import type { Command } from 'commander';
import { ENFORCE } from '../../phases/enforce/index.ts';
import type { EnforceCommandOptions } from '../actions/enforce.ts';
import { countOf, phaseCommand, withBecome, withYes, type Start } from './phase-command.ts';

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
      ['enforce --dry-run --out plan.json --ask-vault-pass', 'save the plan'],
      ['enforce --plan plan.json --ask-vault-pass', 'apply exactly that plan, or refuse'],
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
        .option('--out <file>', 'with --dry-run: save the plan, without secrets')
        .option(
          '--plan <file>',
          'apply a saved plan and nothing else, without asking; refused if anything it rests on has changed',
        )
        .option('--serial <number>', 'hosts to switch at once (default: one after the other)', countOf)
        .option('--take-over', 'replace a LiteLLM that hxllm did not install, and keep a copy')
        .option('--allow-downgrade', 'replace a release that is newer than this hxllm')
        .option('--verify', 'hash the runtime on the host, also where its size and time are as they were sent')
        .option('--runtime <file>', 'the Node.js for hosts with another architecture than this machine'),
    );
  return withBecome(phaseCommand(text, own)).action((options: EnforceCommandOptions, command: Command) => {
    const conflict = conflictOf(options);
    if (conflict !== undefined) command.error(`error: ${conflict}`);
    return start(command, options, false, async (session) => [
      await (await import('../actions/enforce.ts')).runEnforceCommand(session, options),
    ]);
  });
}

/** The reason why options cannot stand together; `undefined` if they can. */
function conflictOf(options: EnforceCommandOptions): string | undefined {
  const { out, plan, takeOver, allowDowngrade, dryRun, check } = options;
  if (out !== undefined && plan !== undefined) return '--out makes a plan and --plan applies one: give one of them';
  if (out !== undefined && dryRun !== true && check !== true) return '--out saves the plan of a dry run: add --dry-run';
  if (plan !== undefined && (takeOver === true || allowDowngrade === true))
    return `${takeOver === true ? '--take-over' : '--allow-downgrade'} is part of a plan: give it to --dry-run --out`;
  return undefined;
}
