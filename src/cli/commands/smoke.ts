import { InvalidArgumentError, type Command } from 'commander';
import { SMOKE } from '../../phases/smoke/index.ts';
import type { SmokeCommandOptions } from '../actions/smoke.ts';
import { phaseCommand, type Start } from './phase-command.ts';

/** One day. */
const MOST_MINUTES = 1440;

/** `hxllm smoke` */
export function smokeCommand(start: Start): Command {
  const text = {
    name: SMOKE.name,
    phase: SMOKE,
    purpose: 'Test over HTTP whether the running gateway answers correctly',
    description:
      'Tests health, keys, streaming, every alias, every backend, and how a burst is shared. With --url it tests any OpenAI-compatible server, without an inventory.',
    examples: [
      ['smoke --ask-vault-pass', 'every host of [litellm], with the key from the vault'],
      ['smoke --through-ssh --ask-vault-pass', 'if a firewall blocks the port'],
      ['smoke --every-server --ask-vault-pass', 'every alias of each of its servers, loading each model everywhere'],
      ['smoke --url http://host:4000 --key-file key.txt', 'any OpenAI-compatible server'],
    ],
    page: 'operations',
  } as const;
  const own = (command: Command): Command =>
    command
      .option('--through-ssh', 'reach the gateway through the SSH connection')
      .option('--every-server', 'ask every alias of each of its servers; says first what that loads')
      .option(
        '--budget <minutes>',
        'time for questions to models; the rest is reported as not asked (default: 10)',
        minutes,
      )
      .option('--url <url>', 'test this server instead of the inventory’s hosts')
      .option('--key-file <file>', 'with --url: a file with its API key');
  return phaseCommand(text, own).action(async (options: SmokeCommandOptions, command: Command) => {
    const { url, keyFile, throughSsh, everyServer, budget, limit, inventory } = options;
    if (keyFile !== undefined && url === undefined)
      command.error('error: --key-file needs --url (without --url the key comes from the vault)');
    if (url !== undefined && (everyServer === true || budget !== undefined))
      command.error('error: --url cannot be combined with --every-server or --budget: one model is asked, once');
    if (url !== undefined && (throughSsh === true || limit !== undefined || inventory !== undefined))
      command.error('error: --url cannot be combined with -i, --limit or --through-ssh: it uses no inventory');
    await start(command, options, false, async (session) => [
      await (await import('../actions/smoke.ts')).runSmokeCommand(session, options),
    ]);
  });
}

function minutes(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > MOST_MINUTES)
    throw new InvalidArgumentError(`Expected a number of minutes from 1 to ${String(MOST_MINUTES)}.`);
  return count;
}
