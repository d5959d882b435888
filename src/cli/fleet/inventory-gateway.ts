import { loadConfig } from '../../config/load.ts';
import { ownAddress } from '../../core/own-address.ts';
import { fail, type Result } from '../../core/problem.ts';
import { shellLine } from '../../core/shell.ts';
import { smokeTargets } from '../actions/smoke-targets.ts';
import { throughForward } from '../hosts/through-forward.ts';
import { trustCommand } from '../run/next.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { fileRequest, fileWords, vaultQuestions } from '../vault/request.ts';
import { FLEET, type FleetGateway, type GatewayOptions } from './fleet-gateway.ts';

/** Works with the gateway of the inventory; with `--through-ssh` behind a port that is forwarded meanwhile. */
export async function withInventory<T>(
  terminal: Terminal,
  options: GatewayOptions,
  signal: AbortSignal,
  work: (gateway: FleetGateway) => Promise<Result<T>>,
): Promise<Result<T>> {
  const { throughSsh = false, words = FLEET } = options;
  const command = shellLine([...words, ...fileWords(options)]);
  const loaded = await loadConfig(fileRequest(terminal, options, vaultQuestions(terminal, signal)));
  if (!loaded.ok) return loaded;
  const { hosts } = loaded.value;
  const targets = smokeTargets(loaded.value, throughSsh, command);
  if (!targets.ok) return targets;
  const [host] = hosts;
  const [target] = targets.value;
  if (host === undefined || target === undefined || hosts.length > 1)
    return fail({
      code: 'usage.hosts',
      summary: `${words.slice(0, 2).join(' ')} asks one gateway`,
      detail: `Expected one host of the inventory, found ${String(hosts.length)}: ${hosts.map(({ target: { name } }) => name).join(', ')}.`,
      fix: `${command} --limit ${host?.target.name ?? 'HOST'}`,
    });
  const { name, url, key } = target;
  if (!throughSsh) return work({ name, url, key, command });
  // Most commands need no SSH, and its packages take as long to load as everything else.
  const [{ createConnect }, { sshPromptsOf }] = await Promise.all([
    import('../../remote/connect.ts'),
    import('../terminal/ssh-prompts.ts'),
  ]);
  const connected = await createConnect(
    {
      ...terminal,
      prompts: sshPromptsOf(terminal),
      withOpenSsh: `${command} --through-ssh --transport openssh`,
    },
    trustCommand(options),
    options.transport,
  )(host.target, signal);
  if (!connected.ok) return connected;
  try {
    const { listen, port } = host.settings;
    const forward = await connected.value.forward(ownAddress(listen), port);
    if (!forward.ok) return forward;
    try {
      return await work({
        name,
        url: throughForward(url, forward.value).url,
        key,
        command,
      });
    } finally {
      await forward.value.close();
    }
  } finally {
    await connected.value.close();
  }
}
