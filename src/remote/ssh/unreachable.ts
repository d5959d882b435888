import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Problem } from '../../core/problem.ts';
import { shellLine } from '../../core/shell.ts';
import type { SshSettings } from './settings.ts';

/** An error of ssh2 or its socket while connecting. */
export interface ConnectionError extends Error {
  readonly code?: string | number;
  readonly level?: string;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name does not resolve from this machine',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'nothing listens on the port',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to its network',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
};

/** The Problem of a failed connection: the target, the reason, and a command that shows more. */
export function unreachable(settings: SshSettings, error: ConnectionError): Problem {
  const { name, hostName, port, command } = settings;
  const place = `${hostName} port ${String(port)}`;
  const where = { host: name };
  if (error.level === 'client-timeout' || error.code === 'ETIMEDOUT') return silent(settings);
  if (/no matching|unsupported/i.test(error.message) && error.level === 'handshake')
    return {
      code: 'host.unreachable',
      summary: `${name}: no common algorithm with ${place}`,
      detail: `Expected an algorithm that hxllm and the server both have, found: ${error.message}. hxllm has the key exchanges curve25519-sha256, ecdh-sha2-nistp* and diffie-hellman-* with SHA-2 (not sntrup761, mlkem768), the ciphers aes*-gcm, aes*-ctr and chacha20-poly1305, the MACs hmac-sha2-* and hmac-sha1, and host keys of type ed25519, ecdsa and rsa.`,
      fix:
        settings.withOpenSsh === undefined
          ? `ssh-keyscan -p ${String(port)} ${hostName}  # the keys by the installed ssh, for known_hosts; then add --transport openssh to commands. Or on the host, in sshd_config: ${additionFor(error.message)}`
          : `${settings.withOpenSsh}  # logs in by the installed ssh, which has more of them; or on the host, in sshd_config: ${additionFor(error.message)}`,
      where,
    };
  const seen = (typeof error.code === 'string' ? REASONS[error.code] : undefined) ?? error.message;
  const fix =
    error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN' ? `getent ahosts ${hostName}` : `${command} -v true`;
  return {
    code: 'host.unreachable',
    summary: `${name}: cannot connect to ${place}`,
    detail: `Expected an SSH connection as ${settings.user}, found: ${seen}.`,
    fix,
    where,
  };
}

// ssh2 names the kind: "no matching C->S MAC".
function additionFor(message: string): string {
  if (/MAC$/i.test(message)) return 'MACs +hmac-sha2-256-etm@openssh.com';
  if (/cipher/i.test(message)) return 'Ciphers +aes256-gcm@openssh.com';
  return /host key/i.test(message) ? 'HostKeyAlgorithms +ssh-ed25519' : 'KexAlgorithms +curve25519-sha256';
}

/** The Problem of a server that did not connect, greet or exchange keys in time. */
export function silent(settings: SshSettings, socket?: Duplex): Problem {
  const isDirect = settings.proxyCommand === undefined && settings.proxyJump === undefined;
  return silentAfter(settings, {
    connected: !isDirect || (socket instanceof Socket && !socket.connecting),
    heard: socket instanceof Socket && socket.bytesRead > 0,
  });
}

/** The Problem of a server that fell silent: before the connection, after it, or after its greeting. */
export function silentAfter(
  settings: SshSettings,
  { connected, heard }: { readonly connected: boolean; readonly heard: boolean },
): Problem {
  const { name, hostName, port, connectTimeoutMs, command, proxyCommand, proxyJump } = settings;
  const limit = `${String(connectTimeoutMs / 1000)} s`;
  const way =
    proxyCommand === undefined
      ? proxyJump === undefined
        ? ''
        : ' through the jump host'
      : ' through the ProxyCommand';
  const found = heard
    ? 'found one that greets and then does not finish its key exchange'
    : connected
      ? `found that ${way === '' ? 'the port accepts the connection' : 'the way opens'}, and no SSH server greets there`
      : 'found none';
  return {
    code: 'host.timeout',
    summary: `${name}: no answer from ${hostName} port ${String(port)}`,
    detail: `Expected an SSH connection${way} within ${limit}, ${found}. A longer limit: ansible_timeout=${String(Math.ceil(connectTimeoutMs / 1000) * 3)}.`,
    fix: `${command} -v true`,
    where: { host: name },
  };
}

/** The Problem of a name that the name server does not resolve in time. */
export function unresolved({ name, hostName }: SshSettings): Problem {
  return {
    code: 'host.timeout',
    summary: `${name}: the name server does not answer`,
    detail: `Expected the address of ${hostName} within 15 s, found no answer from the name server of this machine.`,
    fix: `getent ahosts ${hostName}`,
    where: { host: name },
  };
}

/** The Problem of key files and known_hosts that cannot be read in time. */
export function slowFiles({ name, namedKeys, usualKeys, knownHostsFiles }: SshSettings): Problem {
  const files = [...namedKeys, ...usualKeys, ...knownHostsFiles];
  return {
    code: 'host.timeout',
    summary: `${name}: the SSH keys and known_hosts of this machine cannot be read`,
    detail: `Expected to read them within 15 s, found a file system that does not answer: ${files.join(', ')}.`,
    fix: shellLine(['stat', '--', ...files]),
    where: { host: name },
  };
}

/** The Problem of a connection that was lost. */
export function lost(settings: SshSettings, what: string, why: string | undefined): Problem {
  return {
    code: 'host.unreachable',
    summary: `${settings.name}: the connection was lost while ${what}`,
    detail: `The connection to ${settings.hostName} port ${String(settings.port)} ended${why === undefined ? '' : ` (${why})`}. It is unknown whether the command has finished.`,
    fix: `${settings.command} true`,
    where: { host: settings.name },
  };
}

/** The Problem of an interrupted connection attempt. */
export function stopped(name: string): Problem {
  return {
    code: 'host.aborted',
    summary: `${name}: interrupted while connecting`,
    detail: 'You interrupted it.',
    fix: 'Run the same command again.',
    where: { host: name },
  };
}
