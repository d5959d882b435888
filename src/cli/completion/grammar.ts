import type { Argument, Command, Option } from 'commander';
import { PHASES } from '../../phases/index.ts';
import { PAGES } from '../docs/pages.ts';

/** The values of an option or an argument: files, hosts of the inventory, words, or anything else (`none`). */
export type Values = 'files' | 'hosts' | 'none' | readonly string[];

/** A command as a shell completes it. */
export interface CompletedCommand {
  /** Its words after `hxllm`; empty for the program. */
  readonly path: string;
  readonly commands: readonly string[];
  /** Long and short flags. */
  readonly flags: readonly string[];
  /** The values of the flags that take one. */
  readonly values: ReadonlyMap<string, Values>;
  /** The values of its arguments. */
  readonly argument: Values;
}

const FILES = /^(?:file|dir|folder|source|path|archive|template)s?$/i;
const HOSTS = /^hosts?$/;

/** All commands of a program, with all that a shell can complete. */
export function grammarOf(program: Command, path: readonly string[] = []): readonly CompletedCommand[] {
  const options = program.options.filter(({ hidden }) => !hidden);
  const visible = new Set(program.createHelp().visibleCommands(program));
  const shown = program.commands.filter((command) => visible.has(command));
  return [
    {
      path: path.join(' '),
      commands: shown.map((command) => command.name()),
      flags: [...options.flatMap(flagsOf), '-h', '--help'],
      values: new Map(
        options.flatMap((option) => {
          const values = option.required || option.optional ? valuesOfOption(option) : undefined;
          return values === undefined ? [] : flagsOf(option).map((flag) => [flag, values] as const);
        }),
      ),
      argument: valuesOfArgument(program, path),
    },
    ...shown.flatMap((command) => grammarOf(command, [...path, command.name()])),
  ];
}

function flagsOf({ short, long }: Option): readonly string[] {
  return [short, long].filter((flag) => flag !== undefined);
}

function valuesOfOption(option: Option): Values {
  if (option.argChoices !== undefined) return option.argChoices;
  const name = /[<[]([^\]>.]+)/.exec(option.flags)?.[1] ?? '';
  if (option.long === '--limit' || HOSTS.test(name)) return 'hosts';
  return FILES.test(name) ? 'files' : 'none';
}

function valuesOfArgument(program: Command, path: readonly string[]): Values {
  const [argument]: readonly (Argument | undefined)[] = program.registeredArguments;
  if (argument === undefined) return 'none';
  if (argument.argChoices !== undefined) return argument.argChoices;
  const name = argument.name();
  // A command that names another one.
  if (name === 'command') return (program.parent?.commands ?? []).map((command) => command.name());
  if (name === 'page' && path[0] === 'docs') return PAGES;
  if (name === 'phase') return PHASES.map((phase) => phase.name);
  if (HOSTS.test(name)) return 'hosts';
  return FILES.test(name) ? 'files' : 'none';
}
