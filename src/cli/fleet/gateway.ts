import { resolve } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import { fail, type Result } from '../../core/problem.ts';
import type { Secret } from '../../core/secret.ts';
import { shellLine } from '../../core/shell.ts';
import { createConnect } from '../../remote/connect.ts';
import type { Transport } from '../../remote/transport.ts';
import { readKeyFile } from '../actions/key-file.ts';
import { smokeTargets } from '../actions/smoke-targets.ts';
import { trustCommand } from '../run/next.ts';
import { sshPromptsOf } from '../terminal/ssh-prompts.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { fileRequest, fileWords, vaultQuestions, type FileOptions } from '../vault/request.ts';

/** The options that choose a gateway. */
export interface GatewayOptions extends FileOptions {
  readonly url?: string;
  readonly keyFile?: string;
  readonly throughSsh?: boolean;
  readonly transport?: Transport;
  /** The command without options, for its Problems; `hxllm fleet` without it. */
  readonly words?: readonly string[];
}

const FLEET: readonly string[] = ['hxllm', 'fleet'];

/** A gateway to ask. */
export interface FleetGateway {
  /** Its host, or its URL. */
  readonly name: string;
  readonly url: string;
  readonly key: Secret | undefined;
  /** The command line as typed, if the gateway is the inventory's. */
  readonly command: string | undefined;
}

/** Works with the gateway of an URL, or with that of the inventory; with `--through-ssh` behind a port that is forwarded meanwhile. */
export function withGateway<T>(
  terminal: Terminal,
  options: GatewayOptions,
  signal: AbortSignal,
  work: (gateway: FleetGateway) => Promise<Result<T>>,
): Promise<Result<T>> {
  return options.url === undefined
    ? withInventory(terminal, options, signal, work)
    : withUrl(terminal, options.url, options, work);
}

async function withUrl<T>(
  { cwd }: Terminal,
  text: string,
  { keyFile, words = FLEET }: GatewayOptions,
  work: (gateway: FleetGateway) => Promise<Result<T>>,
): Promise<Result<T>> {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return fail({
      code: 'usage.url',
      summary: 'the address of the gateway is not an HTTP URL',
      detail: `Expected a URL such as http://host:4000, found ${JSON.stringify(url === null ? text : `${url.protocol}//…`)}${url !== null && url.username !== '' ? ', with credentials in it' : ''}.`,
      fix: `${shellLine(words)} --url http://host:4000 --key-file FILE`,
    });
  const key = keyFile === undefined ? undefined : await readKeyFile(resolve(cwd, keyFile));
  if (key?.ok === false) return key;
  // Clients' base URLs end in /v1.
  const base = `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')}`;
  return work({ name: base, url: base, key: key?.value, command: undefined });
}

async function withInventory<T>(
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
    const forward = await connected.value.forward(host.settings.port);
    if (!forward.ok) return forward;
    try {
      return await work({
        name,
        url: `${new URL(url).protocol}//127.0.0.1:${String(forward.value.port)}`,
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
