import type { Command } from 'commander';
import { PHASES } from '../../phases/index.ts';
import type { PhaseOptions } from '../run/session.ts';
import type { UpCommandOptions } from '../actions/up.ts';
import { collect, phaseCommand, withYes, type Start } from './phase-command.ts';

/** `hxllm up` */
export function upCommand(start: Start): Command {
  const text = {
    name: 'up',
    purpose: 'Run the five phases in order; stop at the first that does not pass',
    description: `${PHASES.map(({ name }) => name).join(', ')}: from a bare host to one that answers. Run it again whenever something changed; what is as wanted is left alone.`,
    examples: [
      ['up --ask-vault-pass', 'every host of [litellm]'],
      ['up --vault-init', 'and make the master key on the way, where only that is missing'],
      ['up --yes --vault-password-file FILE', 'for a CI job'],
    ],
    page: 'install',
  } as const;
  const own = (command: Command): Command =>
    withYes(
      command
        .option('--backend <url>', 'an Ollama server, for an inventory that names none yet (repeatable)', collect)
        .option('--vault-init', 'make a master key and the vault that holds it')
        .option('--take-over', 'replace a LiteLLM that is not hxllm’s, after keeping a copy')
        .option('--runtime <file>', 'a Node.js for hosts of another architecture than this machine')
        .option('--diff', 'show new files line by line too')
        .option('--through-ssh', 'ask the gateway through the SSH connection'),
    );
  return phaseCommand(text, own).action((options: UpCommandOptions & PhaseOptions, command: Command) =>
    start(command, options, true, async (session) => (await import('../actions/up.ts')).runUpCommand(session, options)),
  );
}
