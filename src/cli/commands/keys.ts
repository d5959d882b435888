import type { Command } from 'commander';
import type { NewKeyOptions } from '../actions/keys/new-key.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { gatewayKeyCommands } from './keys-gateway.ts';
import { described } from './phase-command.ts';
import { wholeNumber } from './host-command.ts';
import { collect } from './vault-options.ts';
import type { HandOn } from './servers.ts';

/** `hxllm keys` */
export function keysCommand(handOn: HandOn): Command {
  const command = described({
    name: 'keys',
    purpose: 'Make and change the keys of clients',
    description:
      'Keys stand in a running gateway, or by their hashes in litellm_keys, from where enforce brings them to the hosts.',
    examples: [
      ['keys create open-webui', 'a key in the running gateway'],
      ['keys list', 'all keys, those of litellm_keys too'],
      ['keys new open-webui --offline', 'a key, and its line for litellm_keys'],
    ],
    page: 'operations',
  });
  for (const one of gatewayKeyCommands(handOn)) command.addCommand(one);
  return command.addCommand(newCommand(handOn));
}

function newCommand(handOn: HandOn): Command {
  return described({
    name: 'new',
    purpose: 'Make a key and the line with its hash',
    description: 'Asks no gateway and writes no file. The key is shown only now, on stdout.',
    examples: [
      ['keys new open-webui --offline', 'a key that is valid until its line is taken out'],
      ['keys new intern --offline --expires 2027-01-01', 'a key with an end'],
      ["keys new intern --offline --model 'llama3*' --rpm-limit 60", 'a key for some models, with a limit'],
    ],
    page: 'operations',
  })
    .argument('<alias>', 'the name of the key in the log')
    .requiredOption('--offline', 'make it here, for the operator’s files')
    .option('--expires <time>', 'refuse it from then on: a date, or a date and a time with Z or an offset')
    .option('--model <name>', 'let it use this model, pattern or access group alone (repeatable)', collect)
    .option('--team <alias>', 'the team of litellm_teams that it belongs to')
    .option('--rpm-limit <requests>', 'the most requests in any 60 seconds', wholeNumber)
    .option('--tpm-limit <tokens>', 'the most tokens of prompts and answers in any 60 seconds', wholeNumber)
    .option('--max-parallel-requests <requests>', 'the most requests under way at once', wholeNumber)
    .option('--json', 'print one JSON document')
    .action((alias: string, { model: models, ...options }: NewKeyOptions & { readonly model?: readonly string[] }) =>
      handOn([], async () => {
        const { printNewKey } = await import('../actions/keys/new-key.ts');
        return () => printNewKey(processTerminal(), alias, models === undefined ? options : { ...options, models });
      }),
    );
}
