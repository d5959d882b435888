import type { Command } from 'commander';
import { VALIDATE } from '../../phases/validate/index.ts';
import type { PhaseOptions } from '../run/session.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { phaseCommand, type Start } from './phase-command.ts';
import type { HandOn } from './servers.ts';

/** The options of validate. */
interface ValidateOptions extends PhaseOptions {
  readonly writeTemplates?: string;
}

/** `hxllm validate` */
export function validateCommand(start: Start, handOn: HandOn): Command {
  return phaseCommand({
    name: VALIDATE.name,
    phase: VALIDATE,
    purpose: 'Render all files for every host and check them before they are installed',
    description:
      'Reads the rendered configuration with the gateway’s own schema, lets systemd on the host judge the units, and shows what differs from the files there. Changes nothing; the rendered files are in the evidence, secrets redacted.',
    examples: [
      ['validate', 'every host of [litellm]'],
      ['validate --limit hx-api-server -v', 'one host, everything in full'],
      ['validate --write-templates templates', 'hxllm’s templates, to change them'],
    ],
    page: 'configuration',
  })
    .option('--write-templates <dir>', 'write the templates of the units and the environment file; asks no host')
    .action(async (options: ValidateOptions, command: Command) => {
      const { writeTemplates: folder } = options;
      if (folder !== undefined)
        return handOn([], async () => {
          const { writeTemplates } = await import('../actions/write-templates.ts');
          return () => writeTemplates(processTerminal(), folder);
        });
      return start(command, options, false, async (session) => [
        await (await import('../actions/validate.ts')).runValidateCommand(session),
      ]);
    });
}
