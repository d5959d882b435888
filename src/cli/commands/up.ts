import type { Command } from 'commander';
import { PHASES } from '../../phases/index.ts';
import type { PhaseOptions } from '../run/session.ts';
import type { UpCommandOptions } from '../actions/up.ts';
import { phaseCommand, withBecome, withYes, type Start } from './phase-command.ts';
import { collect } from './vault-options.ts';

/** `hxllm up` */
export function upCommand(start: Start): Command {
  const text = {
    name: 'up',
    purpose: 'Run the five phases in order; stop at the first that does not pass',
    description: `${PHASES.map(({ name }) => name).join(', ')}: from a bare host to one that answers. Idempotent: run it again after every change, and only differences are applied.`,
    examples: [
      ['up --ask-vault-pass', 'every host of [litellm]'],
      ['up --vault-init', 'also create the master key, if only that is missing'],
      ['up --yes --vault-password-file FILE', 'for a CI job'],
    ],
    page: 'install',
  } as const;
  const own = (command: Command): Command =>
    withYes(
      command
        .option('--backend <url>', 'an Ollama server, for an inventory without backends (repeatable)', collect)
        .option('--vault-init', 'create a master key, in a new encrypted vault')
        .option('--allow-downgrade', 'replace a release that is newer than this hxllm')
        .option('--take-over', 'replace a LiteLLM that hxllm did not install, and keep a copy')
        .option('--runtime <file>', 'the Node.js for hosts with another architecture than this machine')
        .option('--diff', 'also show new files line by line')
        .option('--through-ssh', 'test the gateway through the SSH connection'),
    );
  return withBecome(phaseCommand(text, own)).action((options: UpCommandOptions & PhaseOptions, command: Command) =>
    start(command, options, true, async (session) => (await import('../actions/up.ts')).runUpCommand(session, options)),
  );
}
