import type { Command } from 'commander';
import { PREFLIGHT } from '../../phases/preflight/index.ts';
import type { PhaseOptions } from '../run/session.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { phaseCommand, withBecome, type Start } from './phase-command.ts';
import { collect } from './vault-options.ts';
import type { HandOn } from './servers.ts';

/** The options of preflight. */
interface PreflightOptions extends Omit<PhaseOptions, 'only'> {
  readonly only?: readonly string[];
  readonly list?: boolean;
  readonly explain?: readonly string[];
}

/** `hxllm preflight` */
export function preflightCommand(start: Start, handOn: HandOn): Command {
  const command = withBecome(
    phaseCommand({
      name: PREFLIGHT.name,
      phase: PREFLIGHT,
      purpose: 'Check whether every host is ready, and change nothing',
      description:
        'Asks each host of [litellm] over SSH, in one script, about its system, sudo, disk, port and name resolution, and from each host every backend about its models.',
      examples: [
        ['preflight', 'every host of [litellm]'],
        ['preflight -i inventories/dev.ini --limit hx-api-server', 'one host of that inventory'],
        ['preflight --only dns,models.present', 'a family of checks, and one check'],
        ['preflight --explain dns.backend-resolves', 'the reason for a check, and the way to fix it'],
        ['preflight --json | jq .results', 'for a program'],
      ],
      page: 'install',
    }),
  );
  return command
    .option('--only <names>', 'only these families and ids of checks, and the checks they need', collect)
    .option('--list', 'print the ids of all checks; asks no host')
    .option('--explain <names>', 'print what these checks ask, why, and how to fix it; asks no host', collect)
    .action(async (options: PreflightOptions, own: Command) => {
      const { only: onlyTexts, explain: explainTexts, list = false, json = false } = options;
      if (list && explainTexts !== undefined) own.error('error: --list cannot be combined with --explain');
      if (onlyTexts !== undefined && (list || explainTexts !== undefined))
        own.error('error: --only runs checks: it cannot be combined with --list or --explain');
      const only = await namesOf(own, '--only', onlyTexts);
      const explain = await namesOf(own, '--explain', explainTexts);
      if (list || explain !== undefined)
        return handOn([], async () => {
          const { explainChecks, listChecks } = await import('../actions/checks.ts');
          return async () =>
            explain === undefined
              ? listChecks(processTerminal(), json)
              : explainChecks(processTerminal(), explain, json);
        });
      return start(own, options, false, async (session) => [
        await (await import('../actions/preflight.ts')).runPreflightCommand(session, only),
      ]);
    });
}

/** The names in the values of an option. A name that no check has is an error of usage. */
async function namesOf(
  command: Command,
  flag: string,
  texts: readonly string[] | undefined,
): Promise<readonly string[] | undefined> {
  if (texts === undefined) return undefined;
  const { namesIn, unknownNames } = await import('../../phases/preflight/selection.ts');
  const names = texts.flatMap(namesIn);
  if (names.length === 0)
    command.error(`error: ${flag} needs a family or an id of a check\nAll of them: hxllm preflight --list`);
  const [first] = unknownNames(names);
  if (first !== undefined)
    command.error(
      `error: unknown check '${first.name}'\n${first.nearest === undefined ? '' : `(Did you mean ${first.nearest}?)\n`}All of them: hxllm preflight --list`,
    );
  return names;
}
