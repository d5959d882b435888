import type { Problem } from '../../core/problem.ts';
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
  const { name, hostName, port, connectTimeoutMs, command } = settings;
  const place = `${hostName} port ${String(port)}`;
  const where = { host: name };
  if (error.level === 'client-timeout' || error.code === 'ETIMEDOUT') {
    return {
      code: 'host.timeout',
      summary: `${name}: no answer from ${place}`,
      detail: `Expected an SSH connection within ${String(connectTimeoutMs / 1000)} s, found none.`,
      fix: `${command} -v true`,
      where,
    };
  }
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
