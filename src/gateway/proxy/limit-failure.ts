import type { Failure } from '../exchange.ts';
import type { ClientKey } from '../keys/client-key.ts';
import { endUserOwner, ownersFor, type LimitOwner } from '../keys/limit-owner.ts';
import { limitLines } from '../limits/limit-headers.ts';
import type { LimitRefusal } from '../limits/limiter.ts';
import type { NearestLimits } from '../limits/nearest-limits.ts';
import type { RequestContext } from '../request-context.ts';
import { budgetAmounts, budgetFailure, holdBudget } from './budget-failure.ts';
import { averageTokens, type LimitedRequest } from './token-reservation.ts';

/**
 * The failure of a request if a limit of its key or team is reached. It comes before the body, so that each authenticated request counts:
 * otherwise a loop of malformed requests would be free. With limits that need the body, the request takes only its place among those under
 * way here, and {@link countRequest} does the rest: judged in two steps, the time to wait would be that of one limit alone.
 */
export function limitFailure(context: RequestContext, key: ClientKey): Failure | undefined {
  const { limiter, keys } = context.service;
  const { owners, readsBody } = keys.ownersOf(key);
  if (owners.length === 0 && !readsBody) return undefined;
  const nowMs = performance.now();
  const judged = readsBody ? limiter.open(owners, nowMs) : limiter.admit(owners, nowMs);
  if (!judged.ok) return reached(context, judged);
  context.admission = judged;
  if (!readsBody) addHeaders(context, judged.nearest);
  // A client that has left already closes nothing more.
  if (context.outgoing.destroyed) judged.end(0, nowMs);
  return undefined;
}

/** Counts a request whose body has been read, if it is not counted yet; the failure if one of its limits is reached. */
export function countRequest(context: RequestContext, request?: LimitedRequest): Failure | undefined {
  const { admission, key } = context;
  if (admission?.pending === undefined) return undefined;
  const tokens =
    request === undefined || request.endpoint.tokenCountBody !== undefined ? 0 : averageTokens(context, request);
  const owners = request === undefined || key === undefined ? admission.pending : ownersIn(context, key, request);
  const amounts = budgetAmounts(context, owners, request);
  // Here, so that a refusal by one of them takes no part of the other.
  const overBudget = amounts === undefined ? undefined : budgetFailure(context, owners, amounts);
  if (overBudget !== undefined) {
    admission.pending = undefined;
    return overBudget;
  }
  const refusal = admission.count(owners, tokens, performance.now());
  if (refusal !== undefined) return reached(context, refusal);
  if (amounts !== undefined) holdBudget(context, owners, amounts);
  addHeaders(context, admission.nearest);
  return undefined;
}

/** The owners of the limits of a request whose body is known. */
function ownersIn(context: RequestContext, key: ClientKey, { group }: LimitedRequest): readonly LimitOwner[] {
  const { keys, config } = context.service;
  const owners = ownersFor(keys.ownersOf(key), group);
  const { endUserLimits } = config;
  const { user } = context.record;
  return user === undefined || endUserLimits === undefined
    ? owners
    : [...owners, endUserOwner(key, user, endUserLimits)];
}

// The headers go out with every answer.
function addHeaders({ outgoing }: RequestContext, nearest: NearestLimits): void {
  outgoing.lines = limitLines(nearest, Date.now());
}

function reached(context: RequestContext, refusal: LimitRefusal): Failure {
  const { by, retryAfterMs, nearest } = refusal;
  addHeaders(context, nearest);
  context.record.limitedBy = by;
  const { kind, alias, model } = refusal.owner;
  return {
    kind: 'limited',
    code: 'rate_limit_exceeded',
    limited: by === 'tokens' ? 'tokens' : 'requests',
    message: `Rate limit reached for the ${kind} ${alias}${model === undefined ? '' : ` and the model ${model}`}: ${limitWords(refusal)}. Please try again in ${String(Math.ceil(retryAfterMs / 1000))}s.`,
    retryAfterMs,
    shouldRetry: true,
  };
}

function limitWords({ by, limit, used, wanted }: LimitRefusal): string {
  const most = String(limit);
  if (by === 'tokens') return `${most} tokens per minute, ${String(used)} used, ${String(wanted)} requested`;
  return `${most} ${limit === 1 ? 'request' : 'requests'} ${by === 'requests' ? 'per minute' : 'at a time'}`;
}
