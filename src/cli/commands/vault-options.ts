import type { Command } from 'commander';
import { processTerminal } from '../terminal/process-terminal.ts';

/** Adds the sources of vault passwords. Every command that may need a vault has them. */
export function withVaultPassword(command: Command): Command {
  return command
    .option('--ask-vault-pass', 'ask for the vault password')
    .option('--vault-password-file <file>', 'read the vault password from a file, or from a program’s output')
    .option('--vault-id <id@source>', 'a vault password by its id: ID@prompt, ID@FILE (repeatable)', collect)
    .hook('preAction', (_own, running) => {
      if (running.optsWithGlobals()['askVaultPass'] === true && !processTerminal().interactive)
        running.error('error: --ask-vault-pass needs a terminal; without one: --vault-password-file FILE');
    });
}

/** Collects the values of a repeatable option. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
