import type { Target } from '../../core/host.ts';
import { shellLine } from '../../core/shell.ts';
import type { SshSettings } from '../ssh/settings.ts';

/** One ssh process that logs in: to the host, or to a jump host before it. */
export interface Login {
  readonly target: Target;
  readonly settings: SshSettings;
  /** The log of `ssh -v`. */
  readonly log: string;
  /** The script that leads to this host through the jump host before it; undefined for ssh_config's own way. */
  readonly through: string | undefined;
  /** A file for the key of a host of which nothing is known, where host keys are not checked; undefined: the key must be known. */
  readonly newKeys: string | undefined;
  /** Whether anybody can answer a question. */
  readonly asks: boolean;
}

const KEEPALIVE_S = '15';
const KEEPALIVES_MISSED_MAX = '3';

/** The options of ssh for a connection that is shared by commands: it listens on `control` and runs nothing itself. */
export function sharedArguments(login: Login, control: string): readonly string[] {
  const { address } = login.target;
  return ['ssh', ...loginArguments(login, 'yes'), '-S', control, '-N', '-T', '--', address];
}

/** The options of ssh on a jump host: its input and output are a connection to the next host. */
export function hopArguments(login: Login, next: SshSettings): readonly string[] {
  const { address } = login.target;
  return ['ssh', ...loginArguments(login, 'no'), '-W', `[${next.hostName}]:${String(next.port)}`, '--', address];
}

/** The options of ssh for a session over a shared connection. It never connects by itself, and reads no configuration. */
export function sessionArguments(control: string, log: string): readonly string[] {
  const never = ['ControlMaster=no', 'ProxyCommand=false', 'BatchMode=yes'];
  return ['-F', 'none', ...never.flatMap((option) => ['-o', option]), '-T', '-v', '-E', log, '-S', control];
}

// Of an option that comes twice the first counts, except for -E, -S and -v: there the last one does.
function loginArguments(login: Login, shared: 'yes' | 'no'): readonly string[] {
  const { target, settings, log, through, newKeys, asks } = login;
  const first = {
    StrictHostKeyChecking: newKeys === undefined ? 'yes' : 'accept-new',
    ...(newKeys === undefined ? {} : { UserKnownHostsFile: fileList([newKeys, ...settings.knownHostsFiles]) }),
    // `hxllm trust` is the place where known_hosts changes.
    UpdateHostKeys: 'no',
    BatchMode: asks ? 'no' : 'yes',
    ...(settings.prompts === undefined ? { NumberOfPasswordPrompts: '1' } : {}),
    ControlMaster: shared,
    ControlPersist: 'no',
    ...(through === undefined ? {} : { ProxyCommand: shellLine(['/bin/sh', through]).replaceAll('%', '%%') }),
    PermitLocalCommand: 'no',
    RemoteCommand: 'none',
    RequestTTY: 'no',
    ClearAllForwardings: 'yes',
    ForwardAgent: 'no',
    ForwardX11: 'no',
    Tunnel: 'no',
  };
  const last = {
    // As by the other transport the account's password comes from the inventory, a file or -k.
    ...(target.password === undefined ? { PasswordAuthentication: 'no' } : {}),
    ServerAliveInterval: KEEPALIVE_S,
    ServerAliveCountMax: KEEPALIVES_MISSED_MAX,
    ConnectTimeout: String(Math.ceil(settings.connectTimeoutMs / 1000)),
  };
  return [
    ...optionWords(first),
    ...(through === undefined ? target.sshArguments : withoutJump(target.sshArguments)),
    ...(target.port === undefined ? [] : ['-p', String(target.port)]),
    ...(target.user === undefined ? [] : ['-l', target.user]),
    ...settings.namedKeys.flatMap((file) => ['-i', file.replaceAll('%', '%%')]),
    ...optionWords(last),
    '-v',
    '-E',
    log,
  ];
}

// ssh refuses -J beside a ProxyCommand; an option ProxyJump only comes too late.
function withoutJump(words: readonly string[]): readonly string[] {
  return words.filter((word, index) => !word.startsWith('-J') && words[index - 1] !== '-J');
}

function optionWords(options: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

function fileList(files: readonly string[]): string {
  return files.map((file) => `"${file.replaceAll('%', '%%')}"`).join(' ');
}
