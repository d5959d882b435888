import { errorCode } from '../../core/error.ts';
import type { ServerFailure } from '../exchange.ts';

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

/** Whether a connection that broke without a response was stale, so that the request may be sent once more. */
export function isStale(error: unknown, sinceSentMs: number): boolean {
  return sinceSentMs <= STALE_MS && STALE_CODES.has(errorCode(error));
}

/** A connection could not be made or broke: the server is gone, for every model. */
export function connectionFailure(error: Error): ServerFailure {
  const code = errorCode(error) || error.name;
  return {
    kind: 'upstream',
    code: 'backend_unreachable',
    message: `the connection to the backend failed (${code})`,
    fault: 'backend',
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
