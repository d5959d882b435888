import { userInfo } from 'node:os';
import type { Target } from '../../core/host.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { shellLine } from '../../core/shell.ts';
import type { LocalUser } from '../local-user.ts';
import { readOptions, type Options } from './options.ts';

/** The settings of a connection: from the inventory, then ssh_config, then OpenSSH's defaults. */
export interface SshSettings {
  /** The inventory's name, for messages. */
  readonly name: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  /** Keys from the inventory: tried first. */
  readonly namedKeys: readonly string[];
  /** Keys from ssh_config, or the default files. */
  readonly usualKeys: readonly string[];
  readonly identitiesOnly: boolean;
  readonly agentSocket: string | undefined;
  /** The user's files first, then the machine's. */
  readonly knownHostsFiles: readonly string[];
  readonly hostKeyAlias: string | undefined;
  /** Files of `RevokedHostKeys`. */
  readonly revokedKeysFiles: readonly string[];
  readonly checkHostKey: boolean;
  /** `user@host:port,…`, or undefined. */
  readonly proxyJump: string | undefined;
  /** A shell command with its tokens replaced, or undefined. */
  readonly proxyCommand: string | undefined;
  readonly connectTimeoutMs: number;
  /** The equivalent ssh command, for messages. */
  readonly command: string;
}

/** Resolves the settings for a target. Problem `config.ssh` if OpenSSH does not accept the options. */
export async function resolveSettings(
  localUser: LocalUser,
  target: Target,
  signal: AbortSignal,
): Promise<Result<SshSettings>> {
  const argv = [
    ...target.sshArguments,
    ...(target.port === undefined ? [] : ['-p', String(target.port)]),
    ...(target.user === undefined ? [] : ['-l', target.user]),
  ];
  const command = shellLine(['ssh', ...argv, ...target.identityFiles.flatMap((file) => ['-i', file]), target.address]);
  const options = await readOptions(localUser, argv, target.address, signal);
  if (!options.ok) {
    const [{ detail }] = options.problems;
    return fail({
      code: 'config.ssh',
      summary: `${target.name}: ssh does not accept its options`,
      detail,
      fix: shellLine(['ssh', '-G', ...argv, target.address]),
      where: { host: target.name },
    });
  }
  return ok(settingsOf(localUser, target, options.value, command));
}

function settingsOf(localUser: LocalUser, target: Target, options: Options, command: string): SshSettings {
  const one = (key: string): string | undefined => {
    const value = options.get(key)?.[0];
    return value === undefined || value === 'none' ? undefined : value;
  };
  const hostName = one('hostname') ?? target.address;
  const [port, user] = [Number(one('port') ?? '22'), one('user') ?? localUser.userName];
  const tokens: Readonly<Record<string, string>> = {
    h: hostName,
    n: target.address,
    p: String(port),
    r: user,
    u: localUser.userName,
    d: localUser.home,
    i: String(userInfo().uid),
    '%': '%',
  };
  const fill = (text: string): string => text.replaceAll(/%(.)/g, (whole, token: string) => tokens[token] ?? whole);
  const path = (text: string): string => fill(text.replace(/^~(?=\/|$)/, localUser.home));
  const words = (key: string): readonly string[] =>
    (options.get(key)?.[0] ?? '')
      .split(/\s+/)
      .filter((word) => word !== '' && word !== 'none')
      .map(path);
  const proxyCommand = one('proxycommand');
  return {
    name: target.name,
    hostName,
    port,
    user,
    namedKeys: target.identityFiles.map(path),
    usualKeys: (options.get('identityfile') ?? []).filter((file) => file !== 'none').map(path),
    identitiesOnly: one('identitiesonly') === 'yes',
    agentSocket: agentOf(options.get('identityagent')?.[0], localUser, path),
    knownHostsFiles: [...words('userknownhostsfile'), ...words('globalknownhostsfile')],
    hostKeyAlias: one('hostkeyalias'),
    revokedKeysFiles: words('revokedhostkeys'),
    checkHostKey: target.hostKeyChecking,
    proxyJump: one('proxyjump'),
    proxyCommand: proxyCommand === undefined ? undefined : fill(proxyCommand),
    connectTimeoutMs: target.connectTimeoutMs,
    command,
  };
}

function agentOf(
  named: string | undefined,
  { environment }: LocalUser,
  path: (text: string) => string,
): string | undefined {
  if (named === 'none') return undefined;
  const variable =
    named === undefined || named === 'SSH_AUTH_SOCK' ? 'SSH_AUTH_SOCK' : /^\$\{?(\w+)\}?$/.exec(named)?.[1];
  const socket = variable === undefined ? path(named ?? '') : environment[variable];
  return socket === '' ? undefined : socket;
}
