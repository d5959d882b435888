import type { Problem } from '../../core/problem.ts';
import type { SshSettings } from './settings.ts';

/** What ssh2 and the socket below it say when a connection fails. */
export interface ConnectionError extends Error {
  readonly code?: string | number;
  readonly level?: string;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name does not resolve from this machine',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'nothing listens there',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to its network',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
};

/** Says why there is no connection: what was tried, what was seen, and the command that shows more. */
export function unreachable(settings: SshSettings, error: ConnectionError): Problem {
  const { name, hostName, port, connectTimeoutMs, command } = settings;
  const place = `${hostName} port ${String(port)}`;
  const where = { host: name };
  if (error.level === 'client-timeout' || error.code === 'ETIMEDOUT') {
    return {
      code: 'host.timeout',
      summary: `${name}: no answer from ${place}`,
      detail: `Wanted an SSH connection within ${String(connectTimeoutMs / 1000)} s; there was none.`,
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
    detail: `Wanted an SSH connection as ${settings.user}; ${seen}.`,
    fix,
    where,
  };
}

/** Says that a connection that stood is gone. */
export function lost(settings: SshSettings, what: string, why: string | undefined): Problem {
  return {
    code: 'host.unreachable',
    summary: `${settings.name}: the connection was lost while ${what}`,
    detail: `The connection to ${settings.hostName} port ${String(settings.port)} ended${why === undefined ? '' : ` (${why})`}; whether the command was finished is not known.`,
    fix: `${settings.command} true`,
    where: { host: settings.name },
  };
}

/** Says that the caller gave up while connecting. */
export function stopped(name: string): Problem {
  return {
    code: 'host.aborted',
    summary: `${name}: stopped while connecting`,
    detail: 'It was interrupted from here.',
    fix: 'Run the same command again.',
    where: { host: name },
  };
}
