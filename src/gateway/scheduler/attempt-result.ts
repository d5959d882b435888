import type { ServerFailure } from '../exchange.ts';
import type { AttemptResult } from '../route/event.ts';

const RESULTS: Readonly<Record<ServerFailure['fault'], AttemptResult>> = {
  request: 'refused',
  busy: 'busy',
  deployment: 'deployment-failed',
  connection: 'connection-failed',
  backend: 'backend-failed',
};

/** How a failure ends an attempt, in the words of routing. */
export function attemptResultOf({ fault }: Pick<ServerFailure, 'fault'>): AttemptResult {
  return RESULTS[fault];
}
