import { Command, InvalidArgumentError, Option } from 'commander';
import type { PhaseRecord } from '../../core/phase.ts';
import { TRANSPORTS } from '../../remote/transport.ts';
import type { Page } from '../docs/pages.ts';
import type { PhaseOptions, Session } from '../run/session.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import { collect, withVaultPassword } from './vault-options.ts';

/** The meaning of `-i`. */
export const INVENTORY_OPTION =
  'a file, a folder of inventories, or hosts with a comma: repeatable, later ones override (default: that of ansible.cfg, else inventories/dev.ini)';

/** Runs the phases of a command. */
export type Start = (
  command: Command,
  options: PhaseOptions,
  several: boolean,
  work: (session: Session) => Promise<readonly PhaseOutcome[]>,
) => Promise<void>;

/** The texts of a command's help. */
export interface CommandText {
  readonly name: string;
  /** The purpose, in one line. */
  readonly purpose: string;
  /** A sentence or two about the things that the command reads and changes. */
  readonly description: string;
  /** The phase, for the line about its input and its evidence. */
  readonly phase?: PhaseRecord<string>;
  /** Command lines without `hxllm`, each with its purpose. */
  readonly examples: readonly (readonly [string, string])[];
  /** The page of the manual with more information. */
  readonly page?: Page;
}

/** A command with its help and without options. */
export function described(text: CommandText): Command {
  const width = Math.max(...text.examples.map(([line]) => line.length));
  const examples = text.examples.map(([line, meaning]) => `  hxllm ${line.padEnd(width)}  # ${meaning}`).join('\n');
  return new Command(text.name)
    .summary(text.purpose)
    .helpOption('-h, --help', 'print help')
    .description([`${text.purpose}.`, text.description, ...evidenceLine(text)].join('\n'))
    .addHelpText(
      'after',
      `\nExamples:\n${examples}${text.page === undefined ? '' : `\n\nMore: hxllm docs ${text.page}`}`,
    );
}

function evidenceLine({ phase }: CommandText): readonly string[] {
  return phase === undefined ? [] : [`Reads ${phase.reads}; its evidence has ${phase.leaves}.`];
}

/** A command with its own options and those that the five phases, `up` and `uninstall` share. */
export function phaseCommand(text: CommandText, own: (command: Command) => Command = (command) => command): Command {
  return withVaultPassword(
    own(described(text))
      .option('-i, --inventory <source>', INVENTORY_OPTION, collect)
      .option('--limit <pattern>', 'only these hosts (an Ansible pattern)'),
  )
    .option('-k, --ask-pass', 'ask for the SSH password of the hosts')
    .option('--connection-password-file <file>', 'read it from a file, or from a program’s output')
    .addOption(transportOption())
    .option('-f, --forks <number>', 'hosts to work on at once (default: forks of ansible.cfg, else 10)', countOf)
    .option('--json', 'print one JSON document on stdout, everything else on stderr')
    .option('--ci', 'run in a CI server (GitHub and GitLab are detected): ask nothing, annotate, write the summary')
    .option('--evidence-dir <dir>', 'the folder for evidence (default: evidence)')
    .option('-v, --verbose', 'show everything in full');
}

/** The option of every command that reaches hosts. */
export function transportOption(): Option {
  const text = 'speak SSH by the library ssh2, or by the installed ssh: certificates, FIDO, Kerberos (default: ssh2)';
  return new Option('--transport <way>', text).choices(TRANSPORTS);
}

/** Adds `--yes`, for commands that change something. */
export function withYes(command: Command): Command {
  return command.option('-y, --yes', 'do not ask before changing anything');
}

/** Adds the options of sudo's password, for commands that become root on the hosts. */
export function withBecome(command: Command): Command {
  return command
    .option('-K, --ask-become-pass', 'ask for the password of sudo on the hosts')
    .option('--become-password-file <file>', 'read it from a file, or from a program’s output');
}

const MOST_HOSTS = 10_000;

/** A number of hosts. */
export function countOf(text: string): number {
  const count = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MOST_HOSTS)
    throw new InvalidArgumentError(`Expected a number from 1 to ${String(MOST_HOSTS)}.`);
  return count;
}
