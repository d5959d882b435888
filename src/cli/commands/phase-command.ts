import { Command } from 'commander';
import type { PhaseRecord } from '../../core/phase.ts';
import type { Page } from '../docs/pages.ts';
import type { PhaseOptions, Session } from '../run/session.ts';
import type { PhaseOutcome } from '../run/outcome.ts';

/** Runs phases for the command that was typed. */
export type Start = (
  command: Command,
  options: PhaseOptions,
  several: boolean,
  work: (session: Session) => Promise<readonly PhaseOutcome[]>,
) => Promise<void>;

/** What the help of a command says. */
export interface CommandText {
  readonly name: string;
  /** One line: its purpose. */
  readonly purpose: string;
  /** A sentence or two: what it reads and what it changes. */
  readonly description: string;
  /** What it reads and what its evidence holds. */
  readonly phase?: PhaseRecord<string>;
  /** Command lines without `hxllm`, each with what it is for. */
  readonly examples: readonly (readonly [string, string])[];
  /** The page of the manual that says more. */
  readonly page?: Page;
}

/** A command of its own kind, with its help. */
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

/** A command with options of its own and those that all five phases, `up` and `uninstall` take. */
export function phaseCommand(text: CommandText, own: (command: Command) => Command = (command) => command): Command {
  return own(described(text))
    .option('-i, --inventory <file>', 'inventory (default: what ansible.cfg says, else inventories/dev.ini)')
    .option('--limit <pattern>', 'only these hosts, by Ansible’s patterns')
    .option('--ask-vault-pass', 'ask for the vault password')
    .option('--vault-password-file <file>', 'read the vault password from a file, or from a program’s output')
    .option('--json', 'print one JSON document on stdout, all else on stderr')
    .option('--evidence-dir <dir>', 'where evidence goes (default: evidence)')
    .option('-v, --verbose', 'show everything in full');
}

/** For commands that change something. */
export function withYes(command: Command): Command {
  return command.option('-y, --yes', 'do not ask before changing anything');
}

/** Gathers an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
