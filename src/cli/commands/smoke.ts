import { InvalidArgumentError, type Command } from 'commander';
import { SMOKE } from '../../phases/smoke/index.ts';
import type { SmokeCommandOptions } from '../actions/smoke.ts';
import { phaseCommand, withBecome, withYes, type Start } from './phase-command.ts';

/** One day. */
const MOST_SECONDS = 86_400;

/** `hxllm smoke` */
export function smokeCommand(start: Start): Command {
  const text = {
    name: SMOKE.name,
    phase: SMOKE,
    purpose: 'Test over HTTP whether the running gateway answers correctly',
    description:
      'Tests the connection, keys, every alias, streaming, every backend, how a burst is shared, and how fast answers are. With --url it tests any OpenAI-compatible server, without an inventory.',
    examples: [
      ['smoke --ask-vault-pass', 'every host of [litellm], with the key from the vault'],
      ['smoke --through-ssh --ask-vault-pass', 'if a firewall blocks the port'],
      ['smoke --from-host --ask-vault-pass', 'from this machine, and then from the host itself'],
      ['smoke --every-server --ask-vault-pass', 'every alias of each of its servers, loading each model everywhere'],
      ['smoke --budget 60 --ask-vault-pass', 'a ramp up to 64 requests at once, within a minute'],
      ['smoke --keys --ask-vault-pass', 'also whether a key can be made, and its limit holds'],
      ['smoke --fault --ask-vault-pass', 'whether anything fails while one server is out of use'],
      ['smoke --url http://host:4000 --key-file key.txt', 'any OpenAI-compatible server'],
    ],
    page: 'operations',
  } as const;
  const own = (command: Command): Command =>
    command
      .option('--through-ssh', 'reach the gateway through the SSH connection')
      .option('--from-host', 'test from this machine, and then the same from the host itself, over SSH')
      .option('--every-server', 'ask every alias of each of its servers; says first what that loads')
      .option(
        '--budget <seconds>',
        'time for questions to models; the rest is reported as not asked (default: 600). With it the ramp goes up to 64 requests at once',
        seconds,
      )
      .option('--keys', 'make a key with a limit of two requests a minute, see that it holds, and remove the key')
      .option(
        '--fault',
        'take one server out of use while requests go on, by draining it; asks first, and puts it back',
      )
      .option('--url <url>', 'test this server instead of the inventory’s hosts')
      .option('--key-file <file>', 'with --url: a file with its API key');
  return withBecome(withYes(phaseCommand(text, own))).action(async (options: SmokeCommandOptions, command: Command) => {
    const { url, keyFile, throughSsh, fromHost, everyServer, keys, fault, limit, inventory } = options;
    if (keyFile !== undefined && url === undefined)
      command.error('error: --key-file needs --url (without --url the key comes from the vault)');
    if (url !== undefined && everyServer === true)
      command.error('error: --url cannot be combined with --every-server: one model is asked');
    if (url !== undefined && fault === true)
      command.error('error: --url cannot be combined with --fault: a server is taken out over SSH');
    if (keys === true && url !== undefined && keyFile === undefined)
      command.error('error: --keys with --url needs --key-file: only the master key makes keys');
    if (fromHost === true && throughSsh === true)
      command.error('error: --from-host has what --through-ssh does: leave one of them out');
    if (
      url !== undefined &&
      (throughSsh === true || fromHost === true || limit !== undefined || inventory !== undefined)
    )
      command.error(
        'error: --url cannot be combined with -i, --limit, --from-host or --through-ssh: it uses no inventory',
      );
    await start(command, options, false, async (session) => [
      await (await import('../actions/smoke.ts')).runSmokeCommand(session, options),
    ]);
  });
}

function seconds(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > MOST_SECONDS)
    throw new InvalidArgumentError(`Expected a number of seconds from 1 to ${String(MOST_SECONDS)}.`);
  return count;
}
