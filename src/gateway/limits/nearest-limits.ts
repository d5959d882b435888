import type { LimitOwner } from '../keys/limit-owner.ts';
import type { OwnerUse } from './owner-uses.ts';
import type { SlidingMinute } from './sliding-minute.ts';

/** The unit of a limit per minute. */
export type LimitUnit = 'requests' | 'tokens';

/** A limit per minute. */
export interface NearestLimit {
  readonly limit: number;
  readonly remaining: number;
  /** Until all of it is unused again, ms. */
  readonly resetMs: number;
}

/** Of each unit the limit that is nearest to its end; `undefined` if no owner has one. */
export type NearestLimits = Readonly<Record<LimitUnit, NearestLimit | undefined>>;

/** An owner with its use. */
export interface Judged {
  readonly owner: LimitOwner;
  readonly use: OwnerUse;
}

/** Of the limits of all owners those that are nearest to their ends. */
export function nearestOf(judged: readonly Judged[], nowMs: number): NearestLimits {
  let requests: NearestLimit | undefined;
  let tokens: NearestLimit | undefined;
  for (const { owner, use } of judged) {
    const { perMinute, tokensPerMinute } = owner.limits;
    if (perMinute !== undefined) requests = nearer(requests, perMinute, use.requests, nowMs);
    if (tokensPerMinute !== undefined) tokens = nearer(tokens, tokensPerMinute, use.tokens, nowMs);
  }
  return { requests, tokens };
}

function nearer(
  known: NearestLimit | undefined,
  limit: number,
  minute: SlidingMinute | undefined,
  nowMs: number,
): NearestLimit {
  const remaining = Math.max(0, limit - (minute?.used(nowMs) ?? 0));
  if (known !== undefined && known.remaining <= remaining) return known;
  return { limit, remaining, resetMs: minute?.emptyInMs(nowMs) ?? 0 };
}
