import type { LimitOwner } from '../keys/limit-owner.ts';
import { nearestOf, type Judged, type LimitUnit, type NearestLimits } from './nearest-limits.ts';
import { OwnerUses, type OpenRequests, type OwnerUse, type UsedMinutes } from './owner-uses.ts';
import { SlidingMinute, type UsedSecond } from './sliding-minute.ts';

/** A request that a limit refuses. Nothing is counted. */
export interface LimitRefusal {
  readonly ok: false;
  readonly owner: LimitOwner;
  readonly by: LimitUnit | 'parallel';
  readonly limit: number;
  /** The tokens that count now, and those that the request would add. */
  readonly used: number;
  readonly wanted: number;
  /** After this the same request fits, if no other takes its place. For `parallel` a guess: requests end when they end. */
  readonly retryAfterMs: number;
  readonly nearest: NearestLimits;
}

/** Wait under a limit of 0, which no request ever fits, ms: clients ask once a minute whether it has changed. */
const NEVER_RETRY_MS = 60_000;

/**
 * A time in parts of 1/1024 ms, whose sums and differences are exact: otherwise a wait of a minute is 60,000.000000001 ms, which is one of
 * 60,001 where it is told. Two minutes later, so that the seconds of an elder process are not below zero.
 */
function exact(ms: number): number {
  return Math.floor((ms + SHIFT_MS) * 1024) / 1024;
}

const SHIFT_MS = 120_000;

function shifted(seconds: readonly UsedSecond[], byMs: number): readonly UsedSecond[] {
  return seconds.map(({ amount, untilMs }) => ({ amount, untilMs: untilMs + byMs }));
}

function shiftedMinutes({ requests, tokens, ...owner }: UsedMinutes, byMs: number): UsedMinutes {
  return { ...owner, requests: shifted(requests, byMs), tokens: shifted(tokens, byMs) };
}

/** Wait of a request that has too many beside it, ms. */
const PARALLEL_RETRY_MS = 1000;

/** The limits of keys and teams: all of a request are checked, then all are taken, or none. One gateway counts for itself. */
export class Limiter {
  readonly #uses = new OwnerUses();
  /** Instances whose minutes it has. */
  readonly #peers = new Set<string>();

  /** Judges a request of these owners, and counts it. `nowMs` is on a clock that never goes back. */
  admit(owners: readonly LimitOwner[], nowMs: number, tokens = 0): CountedRequest | LimitRefusal {
    const request = this.#request(nowMs);
    return request.count(owners, tokens, nowMs) ?? request;
  }

  /** Judges only whether there is a further place for a request; {@link CountedRequest.count} does the rest, when its tokens are known. */
  open(owners: readonly LimitOwner[], nowMs: number): CountedRequest | LimitRefusal {
    const request = this.#request(nowMs);
    return request.open(owners, nowMs) ?? request;
  }

  /** The requests and tokens of an owner in the last minute, and its requests under way. */
  usedBy(owner: LimitOwner, atMs: number): Readonly<Record<LimitRefusal['by'], number>> {
    const { requests, tokens, open = 0, elsewhere = 0 } = this.#uses.known(owner) ?? {};
    const nowMs = exact(atMs);
    return { requests: requests?.used(nowMs) ?? 0, tokens: tokens?.used(nowMs) ?? 0, parallel: open + elsewhere };
  }

  /** Forgets owners without a request in the last minute. */
  forgetIdle(nowMs: number): void {
    this.#uses.forgetIdle(exact(nowMs));
  }

  /** The number of owners that are remembered. */
  get size(): number {
    return this.#uses.size;
  }

  /** The minutes of all owners, for the instance that decides from now on. */
  used(nowMs: number): readonly UsedMinutes[] {
    return this.#uses.used(exact(nowMs)).map((one) => shiftedMinutes(one, -SHIFT_MS));
  }

  /** Those of owners that have used more, or less, since the last call, or since {@link used}. */
  usedSince(nowMs: number): readonly UsedMinutes[] {
    return this.#uses.usedSince(exact(nowMs)).map((one) => shiftedMinutes(one, -SHIFT_MS));
  }

  /** Counts what another instance has let in, once for each instance. */
  adopt(peer: string, used: readonly UsedMinutes[], nowMs: number): void {
    if (this.#peers.has(peer)) return;
    this.#peers.add(peer);
    this.adoptMore(used, nowMs);
  }

  /** Counts what another instance has let in since it told its minutes. */
  adoptMore(used: readonly UsedMinutes[], nowMs: number): void {
    const own = used.map((one) => shiftedMinutes(one, SHIFT_MS));
    this.#uses.adopt(own, exact(nowMs));
  }

  /** The requests under way, for the instance that decides from now on. */
  openRequests(): readonly OpenRequests[] {
    return this.#uses.open();
  }

  /** Counts the requests that are under way in an elder instance, instead of those that it told before. */
  adoptOpen(peer: string, open: readonly OpenRequests[]): void {
    this.#uses.adoptOpen(peer, open);
  }

  #request(nowMs: number): CountedRequest {
    this.#uses.forgetSome(exact(nowMs));
    return new CountedRequest(this.#uses);
  }
}

/** A request that its limits let in, until {@link CountedRequest.end}. */
export class CountedRequest {
  readonly ok = true;
  readonly #uses: OwnerUses;
  readonly #open: OwnerUse[] = [];
  #counted: readonly Judged[] = [];
  /** The tokens that are reserved for it. */
  reserved = 0;
  #second = 0;
  #isOver = false;
  /** The owners that it is still to be counted for. */
  pending: readonly LimitOwner[] | undefined;
  /** Called once, when the request has ended. */
  onEnd: (() => void) | undefined;
  nearest: NearestLimits = { requests: undefined, tokens: undefined };

  constructor(uses: OwnerUses) {
    this.#uses = uses;
  }

  /** Takes a place among the requests under way. */
  open(owners: readonly LimitOwner[], nowMs: number): LimitRefusal | undefined {
    const judged = this.#judged(owners);
    const isFull = judged.some(
      ({ owner: { limits }, use }) => use.open + use.elsewhere >= (limits.parallel ?? Infinity),
    );
    if (isFull) return this.#refusalOf(judged, 0, exact(nowMs));
    this.#take(judged);
    this.pending = owners;
    return undefined;
  }

  /** Counts the request and its tokens for all of these owners, or, if one of their limits refuses it, for none. */
  count(owners: readonly LimitOwner[], tokens: number, atMs: number): LimitRefusal | undefined {
    const nowMs = exact(atMs);
    this.pending = undefined;
    const judged = this.#judged(owners);
    const refusal = this.#refusalOf(judged, tokens, nowMs);
    if (refusal !== undefined) return refusal;
    this.#take(judged);
    for (const { owner, use } of judged) {
      if (owner.limits.perMinute !== undefined) (use.requests ??= new SlidingMinute()).take(1, nowMs);
      if (owner.limits.tokensPerMinute !== undefined)
        this.#second = (use.tokens ??= new SlidingMinute()).take(tokens, nowMs);
      this.#uses.touch(use);
    }
    this.#counted = judged;
    this.reserved = tokens;
    this.nearest = nearestOf(judged, nowMs);
    return undefined;
  }

  /** The request has ended, with so many tokens. More than were reserved count from now on. Further calls do nothing. */
  end(tokens: number, atMs: number): void {
    if (this.#isOver) return;
    const nowMs = exact(atMs);
    this.#isOver = true;
    for (const use of this.#open) use.open -= 1;
    this.onEnd?.();
    const more = tokens - this.reserved;
    if (more === 0) return;
    for (const { owner, use } of this.#counted) {
      if (owner.limits.tokensPerMinute === undefined) continue;
      if (more > 0) use.tokens?.take(more, nowMs);
      else use.tokens?.giveBack(this.#second, -more, nowMs);
      this.#uses.touch(use);
    }
  }

  #judged(owners: readonly LimitOwner[]): readonly Judged[] {
    return owners.map((owner) => ({ owner, use: this.#uses.of(owner) }));
  }

  #take(judged: readonly Judged[]): void {
    for (const { use } of judged) {
      if (this.#open.includes(use)) continue;
      use.open += 1;
      this.#open.push(use);
    }
  }

  /** The limit with the longest wait. */
  #refusalOf(judged: readonly Judged[], tokens: number, nowMs: number): LimitRefusal | undefined {
    let longestMs = 0;
    let found: Omit<LimitRefusal, 'ok' | 'nearest' | 'retryAfterMs'> | undefined;
    const look = (owner: LimitOwner, by: LimitRefusal['by'], limit: number, waitMs: number, used = 0): void => {
      if (waitMs <= longestMs) return;
      longestMs = waitMs;
      found = { owner, by, limit, used, wanted: tokens };
    };
    for (const { owner, use } of judged) {
      const { perMinute, tokensPerMinute, parallel } = owner.limits;
      if (perMinute === 0) look(owner, 'requests', 0, NEVER_RETRY_MS);
      if (tokensPerMinute === 0) look(owner, 'tokens', 0, NEVER_RETRY_MS);
      if (perMinute !== undefined && use.requests !== undefined)
        look(owner, 'requests', perMinute, Math.ceil(use.requests.waitMs(perMinute, 1, nowMs)));
      if (tokensPerMinute !== undefined && use.tokens !== undefined) {
        const waitMs = Math.ceil(use.tokens.waitMs(tokensPerMinute, tokens, nowMs));
        look(owner, 'tokens', tokensPerMinute, waitMs, use.tokens.used(nowMs));
      }
      if (parallel !== undefined && use.open + use.elsewhere >= parallel && !this.#open.includes(use))
        look(owner, 'parallel', parallel, parallel === 0 ? NEVER_RETRY_MS : PARALLEL_RETRY_MS);
    }
    if (found === undefined) return undefined;
    return { ok: false, ...found, retryAfterMs: longestMs, nearest: nearestOf(judged, nowMs) };
  }
}
