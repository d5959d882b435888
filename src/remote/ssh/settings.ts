import type { Target } from '../../core/host.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { shellLine } from '../../core/shell.ts';
import type { LocalUser } from '../local-user.ts';
import { readOptions, type Options } from './options.ts';
import type { SshPrompts } from './prompts.ts';
import { commandWords, fillTokens, pathOf, separatePaths, tokensOf } from './tokens.ts';

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
  /** `usualKeys` are OpenSSH's defaults: ssh_config names none. */
  readonly usualKeysAreDefaults: boolean;
  /** Files of `CertificateFile`. */
  readonly certificates: readonly string[];
  readonly identitiesOnly: boolean;
  readonly agentSocket: string | undefined;
  /** The user's files first, then the machine's. */
  readonly knownHostsFiles: readonly string[];
  /** The first of `UserKnownHostsFile`, to which new keys are added; undefined for `none`. */
  readonly newKeysFile: string | undefined;
  /** `HashKnownHosts`. */
  readonly hashKnownHosts: boolean;
  readonly hostKeyAlias: string | undefined;
  /** Files of `RevokedHostKeys`. */
  readonly revokedKeysFiles: readonly string[];
  /** `KnownHostsCommand` in words, without the tokens about a key; undefined without one. */
  readonly knownHostsCommand: readonly string[] | undefined;
  readonly checkHostKey: boolean;
  /** `AddressFamily`: 0 is any. */
  readonly family: 0 | 4 | 6;
  /** `BindAddress`, or undefined. */
  readonly bindAddress: string | undefined;
  /** `user@host:port,…`, or undefined. */
  readonly proxyJump: string | undefined;
  /** A shell command with its tokens replaced, or undefined. */
  readonly proxyCommand: string | undefined;
  readonly connectTimeoutMs: number;
  /** The equivalent ssh command, for messages. */
  readonly command: string;
  /** The command that records the host's key, for messages. */
  readonly trust: string;
  /** The same command line with the installed ssh, for messages; undefined where there is none. */
  readonly withOpenSsh: string | undefined;
  /** Passphrases and the server's questions; undefined without a terminal. */
  readonly prompts: SshPrompts | undefined;
}

const FAMILIES: Readonly<Record<string, 4 | 6>> = { inet: 4, inet6: 6 };

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
  // As in Ansible: a ConnectTimeout of the arguments counts first, then Ansible's timeout, and never that of ssh_config.
  const timeout = ['-o', `ConnectTimeout=${String(Math.ceil(target.connectTimeoutMs / 1000))}`];
  const options = await readOptions(localUser, [...argv, ...timeout], target.address, signal);
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
  const tokens = tokensOf(localUser, {
    hostName,
    address: target.address,
    port,
    user,
    alias: one('hostkeyalias'),
    jump: one('proxyjump'),
  });
  const fill = (text: string): string => fillTokens(text, tokens);
  const path = (text: string): string => pathOf(text, tokens, localUser);
  const paths = (key: string): readonly string[] =>
    (options.get(key) ?? []).filter((file) => file !== 'none').map(path);
  const proxyCommand = one('proxycommand');
  const userFiles = separatePaths(options.get('userknownhostsfile')?.[0] ?? '', path);
  return {
    name: target.name,
    hostName,
    port,
    user,
    namedKeys: target.identityFiles.map(path),
    usualKeys: paths('identityfile'),
    usualKeysAreDefaults: (options.get('identityfile') ?? []).every((file) =>
      /^(?:~|.*)\/\.ssh\/id_[a-z0-9_]+$/.test(file),
    ),
    certificates: paths('certificatefile'),
    identitiesOnly: one('identitiesonly') === 'yes',
    agentSocket: agentOf(options.get('identityagent')?.[0], localUser, path),
    knownHostsFiles: [...userFiles, ...separatePaths(options.get('globalknownhostsfile')?.[0] ?? '', path)],
    newKeysFile: userFiles[0],
    hashKnownHosts: one('hashknownhosts') === 'yes',
    hostKeyAlias: one('hostkeyalias'),
    revokedKeysFiles: paths('revokedhostkeys'),
    knownHostsCommand: commandWords(one('knownhostscommand'), tokens),
    checkHostKey: target.hostKeyChecking,
    proxyJump: one('proxyjump'),
    proxyCommand: proxyCommand === undefined ? undefined : fill(proxyCommand),
    family: FAMILIES[one('addressfamily') ?? 'any'] ?? 0,
    bindAddress: one('bindaddress'),
    connectTimeoutMs: (Number(one('connecttimeout') ?? '0') || target.connectTimeoutMs / 1000) * 1000,
    command,
    trust: target.trust ?? `hxllm trust ${shellLine([target.name])}`,
    withOpenSsh: localUser.withOpenSsh,
    prompts: localUser.prompts,
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
