import { errorCode } from '../../core/error.ts';
import type { ServerFailure } from '../exchange.ts';
import { wasReused } from './connector.ts';

/** A phase of an exchange that has a time limit. */
export type TimeoutPhase = 'first-byte' | 'idle' | 'whole';

const MESSAGES: Readonly<Record<TimeoutPhase, (seconds: string) => string>> = {
  'first-byte': (seconds) => `the backend did not begin to answer within ${seconds} s`,
  idle: (seconds) => `the backend sent nothing for ${seconds} s in the middle of its response`,
  whole: (seconds) => `the response was not complete within ${seconds} s`,
};

/** A phase took too long. The work may go on there, so the request is not sent elsewhere. */
export function timeoutFailure(phase: TimeoutPhase, limitMs: number): ServerFailure {
  return {
    kind: 'timeout',
    code: 'timeout',
    message: MESSAGES[phase](String(Number((limitMs / 1000).toFixed(2)))),
    fault: phase === 'whole' ? 'request' : 'deployment',
  };
}

/** Time within which a broken connection was stale, ms: the server had closed it while it was idle. */
const STALE_MS = 1000;
const STALE_CODES = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/**
 * Whether a connection broke because the server had closed it while it was idle: it had carried an earlier response, and broke before
 * the first byte of this one. The same request may be sent once more. A new connection that breaks was broken for this request.
 */
export function isStale(error: unknown, sinceSentMs: number): boolean {
  return sinceSentMs <= STALE_MS && STALE_CODES.has(errorCode(error)) && wasReused(error);
}

/** Codes of a connect that say that the server is not there (connect(2)). */
const ABSENT_CODES = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);

/**
 * A connection could not be made (`made` is false), or broke. Only a refused or unreachable connect shows that the server is gone, for
 * every model. Everything else is a failure of this request, and a reason to probe the server. A request whose connection could not be
 * made has not begun there.
 */
export function connectionFailure(error: Error, made: boolean): ServerFailure {
  const code = errorCode(error) || error.name;
  return {
    kind: 'upstream',
    code: 'backend_unreachable',
    message: made ? `the connection to the backend broke (${code})` : `the connection to the backend failed (${code})`,
    fault: !made && ABSENT_CODES.has(code) ? 'backend' : 'connection',
    ...(made ? {} : { notBegun: true }),
  };
}

/** A server that answers no probe although its connections are up. */
export const UNRESPONSIVE: ServerFailure = {
  kind: 'upstream',
  code: 'backend_unreachable',
  message: 'the backend has stopped answering',
  fault: 'backend',
};

/** A server that answers, but not as its API says. */
export function invalidResponse(message: string): ServerFailure {
  return { kind: 'upstream', code: 'backend_failed', message, fault: 'deployment' };
}
