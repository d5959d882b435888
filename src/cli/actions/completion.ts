import type { Command } from 'commander';
import { Findings } from '../../config/findings.ts';
import { hostsOf } from '../../config/inventory/membership.ts';
import { openInventory } from '../../config/load.ts';
import { grammarOf } from '../completion/grammar.ts';
import { completionScript, type Shell } from '../completion/scripts.ts';
import { EXIT } from '../exit-code.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { fileRequest, vaultQuestions } from '../vault/request.ts';

/** Prints the script of a shell. Returns the exit code. */
export function printCompletion({ stdout }: Terminal, shell: Shell, program: Command, version: string): number {
  stdout.write(completionScript(shell, grammarOf(program), version));
  return EXIT.ok;
}

/**
 * Prints the hosts of the inventories that the words of a command line name, one a line: those of `[litellm]` if it has any, else all. Reads no
 * variables, so no vault is opened and no program runs for its password. Nothing is printed where the inventory cannot be read.
 */
export async function printHosts(terminal: Terminal, words: readonly string[]): Promise<number> {
  const questions = vaultQuestions({ ...terminal, interactive: false }, new AbortController().signal);
  const inventory = words.flatMap((word, index) => {
    if (word.startsWith('--inventory=')) return [word.slice('--inventory='.length)];
    const [before, last] = [words[index - 1], words[index - 2]];
    // bash gives --inventory=FILE as three words.
    const isValue = before === '-i' || before === '--inventory' || (before === '=' && last === '--inventory');
    return isValue && word !== '=' ? [word] : [];
  });
  const opened = await openInventory(
    fileRequest({ ...terminal, interactive: false }, inventory.length === 0 ? {} : { inventory }, questions),
    new Findings(),
  );
  if (!opened.ok) return EXIT.ok;
  const { groups } = opened.value.inventory;
  const names = hostsOf(opened.value.inventory, groups.has('litellm') ? 'litellm' : 'all');
  const all = names.length > 0 ? names : hostsOf(opened.value.inventory, 'all');
  // A name with another character would be a word of the shell.
  const safe = all.filter((name) => /^[\w.-]+$/.test(name));
  terminal.stdout.write(safe.map((name) => `${name}\n`).join(''));
  return EXIT.ok;
}
