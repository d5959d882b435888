import type { Command } from 'commander';
import type { DoctorOptions } from '../actions/doctor.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { questionCommand } from './releases.ts';
import type { HandOn } from './servers.ts';

/** `hxllm doctor` */
export function doctorCommand(handOn: HandOn): Command {
  const command = questionCommand({
    name: 'doctor',
    purpose: 'Find the one cause of a fault: from outside over HTTP, and on the host',
    description:
      'Asks the gateway as smoke does, and the host in one script: units, log, configuration, servers. Ends in one diagnosis with its evidence and the next command. Changes nothing; a question to a model may load it. Exit code 1 if something is wrong.',
    examples: [
      ['doctor --ask-vault-pass', 'every host of the group'],
      ['doctor hx-api-server --bundle', 'one host, with a redacted archive for a bug report'],
      ['doctor --url http://host:4000 --key-file key.txt', 'any OpenAI-compatible server, without a host'],
    ],
    page: 'operations',
  })
    .option('--through-ssh', 'reach the gateway through the SSH connection, around proxies and firewalls')
    .option('--url <url>', 'examine this server instead of the inventory’s hosts; no host is asked')
    .option('--key-file <file>', 'with --url: a file with its API key')
    .option('--bundle [file]', 'write what was seen to an archive (tar, gzip), secrets redacted');
  return command.action((pattern: string | undefined, options: DoctorOptions) => {
    const { url, keyFile, throughSsh, limit, inventory } = options;
    if (keyFile !== undefined && url === undefined)
      command.error('error: --key-file needs --url (without --url the key comes from the vault)');
    if (url !== undefined && [pattern, throughSsh, limit, inventory].some((each) => each !== undefined))
      command.error('error: --url cannot be combined with a host, -i, --limit or --through-ssh: it uses no inventory');
    return handOn([], async () => {
      const { runDoctor } = await import('../actions/doctor.ts');
      return () =>
        runDoctor(
          processTerminal(),
          pattern === undefined ? options : { ...options, limit: pattern },
          process.argv.slice(2),
        );
    });
  });
}
