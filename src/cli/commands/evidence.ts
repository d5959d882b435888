import { InvalidArgumentError, type Command } from 'commander';
import type { VerifyOptions } from '../actions/evidence/verify.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { hostCommand } from './host-command.ts';
import {
  EVIDENCE_DIR,
  diffCommand,
  exportCommand,
  listCommand,
  openCommand,
  pruneCommand,
  showCommand,
} from './evidence-runs.ts';
import { described } from './phase-command.ts';
import type { HandOn } from './servers.ts';

/** `hxllm evidence` */
export function evidenceCommand(handOn: HandOn): Command {
  const verify = hostCommand({
    name: 'verify',
    purpose: 'Compare every file of the evidence with its chain; exit code 1 if anything differs',
    description:
      'Finds files and runs that were changed, removed, added or put in another order, and says what the folder alone cannot tell. Changes nothing.',
    examples: [
      ['evidence verify', 'the folder alone'],
      ['evidence verify --host', 'and with the audit logs of the hosts'],
      ['evidence verify --head 0d5c0ef2a417', 'and with a head that you kept elsewhere'],
    ],
    page: 'evidence',
  })
    .option('--evidence-dir <dir>', EVIDENCE_DIR)
    .option('--head <hash>', 'the SHA-256 of an earlier head, or at least its first 12 digits', hashDigits)
    .option('--host [pattern]', 'compare with the audit logs of the hosts, or of these')
    .option('--allowed-signers <file>', 'the keys that may sign, in the format of ssh-keygen(1)')
    .option('--json', 'print one JSON document')
    .action((options: VerifyOptions) =>
      handOn([], async () => {
        const actions = await import('../actions/evidence/verify.ts');
        return () => actions.verify(processTerminal(), options);
      }),
    );
  return described({
    name: 'evidence',
    purpose: 'Read, verify, compare, prune and export the evidence that the phases leave',
    description: 'Reads the evidence folder of this machine; only `verify --host` reaches hosts.',
    examples: [
      ['evidence list', 'the runs, the newest last'],
      ['evidence verify', 'compare every file with the chain'],
      ['evidence diff 20261123T231500Z latest', 'the differences between two runs'],
      ['evidence export', 'one archive for an auditor'],
    ],
    page: 'evidence',
  })
    .addCommand(verify)
    .addCommand(listCommand(handOn))
    .addCommand(showCommand(handOn))
    .addCommand(openCommand(handOn))
    .addCommand(diffCommand(handOn))
    .addCommand(pruneCommand(handOn))
    .addCommand(exportCommand(handOn));
}

function hashDigits(text: string): string {
  if (!/^[0-9a-f]{12,64}$/.test(text)) throw new InvalidArgumentError('Expected 12 to 64 hexadecimal digits.');
  return text;
}
