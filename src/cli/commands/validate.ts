import type { Command } from 'commander';
import { VALIDATE } from '../../phases/validate/index.ts';
import type { PhaseOptions } from '../run/session.ts';
import { phaseCommand, type Start } from './phase-command.ts';

/** `hxllm validate` */
export function validateCommand(start: Start): Command {
  return phaseCommand({
    name: VALIDATE.name,
    phase: VALIDATE,
    purpose: 'Render all files for every host and check them before they are installed',
    description:
      'Reads the rendered configuration with the gateway’s own schema, and lets systemd on the host verify the units. Changes nothing; the rendered files are in the evidence, secrets redacted.',
    examples: [
      ['validate', 'every host of [litellm]'],
      ['validate --limit hx-api-server -v', 'one host, everything in full'],
    ],
    page: 'configuration',
  }).action((options: PhaseOptions, command: Command) =>
    start(command, options, false, async (session) => [
      await (await import('../actions/validate.ts')).runValidateCommand(session),
    ]),
  );
}
