import type { ServerFailure } from '../exchange.ts';

/** A phase of a request that has a limit. */
export type TimeoutPhase = 'first-byte' | 'idle' | 'whole';

const SAID: Readonly<Record<TimeoutPhase, string>> = {
  'first-byte': 'the backend did not begin to answer',
  idle: 'the backend stopped in the middle of its answer',
  whole: 'the answer was not complete',
};

/** What it means that a phase took too long. It may go on there all the same, so nobody else is asked. */
export function timeoutFailure(phase: TimeoutPhase, limitMs: number): ServerFailure {
  return {
    kind: 'timeout',
    code: 'timeout',
    message: `${SAID[phase]} within ${String(Number((limitMs / 1000).toFixed(2)))} s`,
    fault: phase === 'whole' ? 'request' : 'deployment',
  };
}

/** Within that a connection that breaks was broken before: the server closed it while nobody used it. */
const STALE_MS = 1000;

/** Whether a connection that broke without an answer was no good already, so that the same may be sent once more. */
export function isStale(error: unknown, sinceSentMs: number): boolean {
  return (
    sinceSentMs <= STALE_MS &&
    error instanceof Error &&
    'code' in error &&
    (error.code === 'UND_ERR_SOCKET' || error.code === 'ECONNRESET' || error.code === 'EPIPE')
  );
}

/** What it means that a connection could not be made or broke: the server is gone, whichever model was asked. */
export function connectionFailure(error: Error): ServerFailure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return {
    kind: 'upstream',
    code: 'backend_unreachable',
    message: `the connection to the backend failed (${code})`,
    fault: 'backend',
  };
}

/** What it means that a server answers nothing any more, while its connections are up. */
export const UNRESPONSIVE: ServerFailure = {
  kind: 'upstream',
  code: 'backend_unreachable',
  message: 'the backend does not answer any more',
  fault: 'backend',
};
