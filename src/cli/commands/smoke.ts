import type { Command } from 'commander';
import { SMOKE } from '../../phases/smoke/index.ts';
import type { SmokeCommandOptions } from '../actions/smoke.ts';
import { phaseCommand, type Start } from './phase-command.ts';

/** `hxllm smoke` */
export function smokeCommand(start: Start): Command {
  const text = {
    name: SMOKE.name,
    phase: SMOKE,
    purpose: 'Test over HTTP whether the running gateway answers correctly',
    description:
      'Tests health, keys, models, chat, streaming, and every backend. With --url it tests any OpenAI-compatible server, without an inventory.',
    examples: [
      ['smoke --ask-vault-pass', 'every host of [litellm], with the key from the vault'],
      ['smoke --through-ssh --ask-vault-pass', 'if a firewall blocks the port'],
      ['smoke --url http://host:4000 --key-file key.txt', 'any OpenAI-compatible server'],
    ],
    page: 'operations',
  } as const;
  const own = (command: Command): Command =>
    command
      .option('--through-ssh', 'reach the gateway through the SSH connection')
      .option('--url <url>', 'test this server instead of the inventory’s hosts')
      .option('--key-file <file>', 'with --url: a file with its API key');
  return phaseCommand(text, own).action(async (options: SmokeCommandOptions, command: Command) => {
    const { url, keyFile, throughSsh, limit, inventory } = options;
    if (keyFile !== undefined && url === undefined)
      command.error('error: --key-file needs --url (without --url the key comes from the vault)');
    if (url !== undefined && (throughSsh === true || limit !== undefined || inventory !== undefined))
      command.error('error: --url cannot be combined with -i, --limit or --through-ssh: it uses no inventory');
    await start(command, options, false, async (session) => [
      await (await import('../actions/smoke.ts')).runSmokeCommand(session, options),
    ]);
  });
}
