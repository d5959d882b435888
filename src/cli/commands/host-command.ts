import { InvalidArgumentError, type Command } from 'commander';
import { processTerminal } from '../terminal/process-terminal.ts';
import {
  countOf,
  described,
  INVENTORY_OPTION,
  transportOption,
  withBecome,
  type CommandText,
} from './phase-command.ts';
import { collect, withVaultPassword } from './vault-options.ts';

/** A command that runs something on the hosts, outside of the phases: it writes no evidence. */
export function hostCommand(text: CommandText): Command {
  const command = described(text)
    .option('-i, --inventory <source>', INVENTORY_OPTION, collect)
    .option('--limit <pattern>', 'only these hosts (an Ansible pattern)')
    .option('--forks <number>', 'hosts to work on at once (default: forks of ansible.cfg, else 10)', countOf);
  return withBecome(
    withVaultPassword(command)
      .option('-k, --ask-pass', 'ask for the SSH password of the hosts')
      .option('--connection-password-file <file>', 'read it from a file, or from a program’s output')
      .addOption(transportOption()),
  ).hook('preAction', (_own, running) => {
    const options = running.opts();
    for (const [name, flag, file] of [
      ['askBecomePass', '--ask-become-pass', '--become-password-file'],
      ['askPass', '--ask-pass', '--connection-password-file'],
    ] as const)
      if (options[name] === true && !processTerminal().interactive)
        running.error(`error: ${flag} needs a terminal; without one: ${file} FILE`);
  });
}

/** A whole number from 1 on. */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 1 to 999999.');
  return Number(text);
}
