import type { KeyConfig } from '../../schema/gateway-config.ts';
import type { Failure } from '../exchange.ts';
import { limitHeaders } from '../limits/limit-headers.ts';
import type { LimitRefusal } from '../limits/limiter.ts';
import type { RequestContext } from '../request-context.ts';

/**
 * Counts a request for the limits of its key and team; the failure if one of them is reached. It comes before the body, so that each
 * authenticated request counts: otherwise a loop of malformed requests would be free. The headers go out with every answer.
 */
export function limitFailure(context: RequestContext, key: KeyConfig): Failure | undefined {
  const { service, headers } = context;
  const owners = service.keys.ownersOf(key);
  if (owners.length === 0) return undefined;
  const judged = service.limiter.admit(owners, performance.now());
  if (judged.nearest !== undefined) Object.assign(headers, limitHeaders(judged.nearest, Date.now()));
  if (!judged.ok) return reached(judged);
  context.admission = judged;
  // A client that has left already closes nothing more.
  if (context.outgoing.destroyed) judged.end();
  return undefined;
}

function reached({ owner: { kind, alias }, by, limit, retryAfterMs }: LimitRefusal): Failure {
  const requests = `${String(limit)} ${limit === 1 ? 'request' : 'requests'}`;
  return {
    kind: 'limited',
    code: 'rate_limit_exceeded',
    message: `Rate limit reached for the ${kind} ${alias}: ${requests} ${by === 'minute' ? 'per minute' : 'at a time'}. Please try again in ${String(Math.ceil(retryAfterMs / 1000))}s.`,
    retryAfterMs,
    shouldRetry: true,
  };
}
