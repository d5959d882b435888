import type { LimitOwner } from '../keys/key-ring.ts';
import { SlidingMinute } from './sliding-minute.ts';

/** The limit of requests per minute that is nearest to its end. */
export interface NearestLimit {
  readonly limit: number;
  readonly remaining: number;
  /** Until all of it is unused again, ms. */
  readonly resetMs: number;
}

/** A request that its limits let in, until {@link CountedRequest.end}. */
export interface CountedRequest {
  readonly ok: true;
  /** `undefined` if no owner has a limit per minute. */
  readonly nearest: NearestLimit | undefined;
  /** The request has ended. Further calls do nothing. */
  end(): void;
}

/** A request that a limit refuses. Nothing is counted. */
export interface LimitRefusal {
  readonly ok: false;
  readonly owner: LimitOwner;
  readonly by: 'minute' | 'parallel';
  readonly limit: number;
  /** After this the same request fits, if no other takes its place. For `parallel` a guess: requests end when they end. */
  readonly retryAfterMs: number;
  readonly nearest: NearestLimit | undefined;
}

/** The used part of the limits of an owner. */
interface Use {
  readonly minute: SlidingMinute;
  open: number;
}

/** Wait of a request that has too many beside it, ms. */
const PARALLEL_RETRY_MS = 1000;

/** The limits of keys and teams: all of a request are checked, then all are taken, or none. One gateway counts for itself. */
export class Limiter {
  readonly #uses = new Map<string, Use>();

  /** Judges a request of these owners. `nowMs` is on a clock that never goes back. */
  admit(owners: readonly LimitOwner[], nowMs: number): CountedRequest | LimitRefusal {
    const uses = owners.map((owner) => ({ owner, use: this.#useOf(owner) }));
    let refusal: Omit<LimitRefusal, 'ok' | 'nearest'> | undefined;
    for (const { owner, use } of uses) {
      const { perMinute, parallel } = owner.limits;
      const waitMs = perMinute === undefined ? 0 : Math.ceil(use.minute.waitMs(perMinute, nowMs));
      if (perMinute !== undefined && waitMs > (refusal?.retryAfterMs ?? 0))
        refusal = { owner, by: 'minute', limit: perMinute, retryAfterMs: waitMs };
      if (parallel !== undefined && use.open >= parallel && PARALLEL_RETRY_MS > (refusal?.retryAfterMs ?? 0))
        refusal = { owner, by: 'parallel', limit: parallel, retryAfterMs: PARALLEL_RETRY_MS };
    }
    if (refusal !== undefined) return { ok: false, ...refusal, nearest: nearestOf(uses, nowMs) };
    for (const { owner, use } of uses) {
      if (owner.limits.perMinute !== undefined) use.minute.take(nowMs);
      use.open += 1;
    }
    let isOpen = true;
    const end = (): void => {
      if (!isOpen) return;
      isOpen = false;
      for (const { use } of uses) use.open -= 1;
    };
    return { ok: true, nearest: nearestOf(uses, nowMs), end };
  }

  /** Forgets owners without a request in the last minute. */
  forgetIdle(nowMs: number): void {
    for (const [id, { minute, open }] of this.#uses) if (open === 0 && minute.used(nowMs) === 0) this.#uses.delete(id);
  }

  #useOf({ kind, alias }: LimitOwner): Use {
    const id = `${kind} ${alias}`;
    let use = this.#uses.get(id);
    if (use === undefined) {
      use = { minute: new SlidingMinute(), open: 0 };
      this.#uses.set(id, use);
    }
    return use;
  }
}

function nearestOf(
  uses: readonly { readonly owner: LimitOwner; readonly use: Use }[],
  nowMs: number,
): NearestLimit | undefined {
  let nearest: NearestLimit | undefined;
  for (const { owner, use } of uses) {
    const { perMinute } = owner.limits;
    if (perMinute === undefined) continue;
    const remaining = Math.max(0, perMinute - use.minute.used(nowMs));
    if (nearest === undefined || remaining < nearest.remaining)
      nearest = { limit: perMinute, remaining, resetMs: use.minute.emptyInMs(nowMs) };
  }
  return nearest;
}
