import type { LimitOwner } from '../keys/limit-owner.ts';
import type { HeldAmounts } from './held-elsewhere.ts';
import { SlidingMinute, type UsedSecond } from './sliding-minute.ts';

/** The used part of the limits of an owner. Its minutes begin with the first request under such a limit. */
export interface OwnerUse {
  requests: SlidingMinute | undefined;
  tokens: SlidingMinute | undefined;
  open: number;
  /** Requests under way in elder instances. */
  elsewhere: number;
}

/** The minutes of an owner, as another process reads them. */
export interface UsedMinutes {
  readonly kind: LimitOwner['kind'];
  readonly id: string;
  readonly requests: readonly UsedSecond[];
  readonly tokens: readonly UsedSecond[];
}

/** The requests under way of an owner, as another process reads them. */
export interface OpenRequests {
  readonly kind: LimitOwner['kind'];
  readonly id: string;
  readonly open: number;
  /** Of these requests, if the owner has a budget. */
  readonly held?: HeldAmounts | undefined;
}

/** Most owners whose minutes another process gets: 10,000 with a full minute each are 40 MB. */
const MOST_TOLD = 2000;

/** End users that are remembered; a further one takes the place of the one that has asked for nothing for longest. */
export const MOST_END_USERS = 10_000;

/** The uses of all owners: keys and teams until they are idle, and the latest end users, whose names clients invent. */
export class OwnerUses {
  readonly #uses = new Map<string, OwnerUse>();
  /** In the order of their last requests. */
  readonly #endUsers = new Map<string, OwnerUse>();
  /** The requests under way that each elder instance has told. */
  readonly #elsewhere = new Map<string, readonly (readonly [use: OwnerUse, open: number])[]>();
  /** Owners that have used more, or less, since their minutes were told. */
  #touched: Set<OwnerUse> | undefined;
  #looked = this.#uses.entries();
  /** Two looks for each new owner: idle ones go in time, and no request waits for a look at all of them. */
  #looks = 0;

  /** The number of owners that are remembered. */
  get size(): number {
    return this.#uses.size + this.#endUsers.size;
  }

  of({ kind, id }: LimitOwner): OwnerUse {
    return kind === 'end user' ? this.#ofEndUser(id) : this.#ofOther(id);
  }

  /** The use of an owner that is remembered; an end user keeps its place. */
  known({ kind, id }: LimitOwner): OwnerUse | undefined {
    return (kind === 'end user' ? this.#endUsers : this.#uses).get(id);
  }

  #ofOther(id: string): OwnerUse {
    const known = this.#uses.get(id);
    if (known !== undefined) return known;
    this.#looks += 2;
    const use = unused();
    this.#uses.set(id, use);
    return use;
  }

  /** Forgets some owners without a request in the last minute; it must not come between the look-up of an owner and its first count. */
  forgetSome(nowMs: number): void {
    for (; this.#looks > 0; this.#looks -= 1) {
      const { value, done } = this.#looked.next();
      if (done === true) this.#looked = this.#uses.entries();
      else if (isIdle(value[1], nowMs)) this.#uses.delete(value[0]);
    }
  }

  /** Forgets all owners without a request in the last minute. */
  forgetIdle(nowMs: number): void {
    for (const uses of [this.#uses, this.#endUsers])
      for (const [id, use] of uses) if (isIdle(use, nowMs)) uses.delete(id);
  }

  /** An owner has used more, or less. */
  touch(use: OwnerUse): void {
    this.#touched?.add(use);
  }

  /** The minutes of those that have used more, or less, since the last call, or since {@link used}. */
  usedSince(nowMs: number): readonly UsedMinutes[] {
    const touched = this.#touched;
    if (touched === undefined || touched.size === 0) return [];
    this.#touched = new Set();
    const told: UsedMinutes[] = [];
    for (const [kind, uses] of [
      ['key', this.#uses],
      ['end user', this.#endUsers],
    ] as const)
      for (const [id, use] of uses) if (touched.has(use)) told.push({ kind, id, ...minutesOf(use, nowMs) });
    return told;
  }

  used(nowMs: number): readonly UsedMinutes[] {
    const told: UsedMinutes[] = [];
    this.#touched = new Set();
    for (const [kind, uses] of [
      ['key', this.#uses],
      ['end user', this.#endUsers],
    ] as const)
      for (const [id, use] of uses) {
        if (told.length === MOST_TOLD) return told;
        const minutes = minutesOf(use, nowMs);
        if (minutes.requests.length + minutes.tokens.length > 0) told.push({ kind, id, ...minutes });
      }
    return told;
  }

  adopt(used: readonly UsedMinutes[], nowMs: number): void {
    for (const { kind, id, requests, tokens } of used) {
      const use = kind === 'end user' ? this.#ofEndUser(id) : this.#ofOther(id);
      if (requests.length > 0) (use.requests ??= new SlidingMinute()).adopt(requests, nowMs);
      if (tokens.length > 0) (use.tokens ??= new SlidingMinute()).adopt(tokens, nowMs);
    }
  }

  /** The requests under way of this process. */
  open(): readonly OpenRequests[] {
    const told: OpenRequests[] = [];
    for (const [kind, uses] of [
      ['key', this.#uses],
      ['end user', this.#endUsers],
    ] as const)
      for (const [id, { open }] of uses) {
        if (told.length === MOST_TOLD) return told;
        if (open > 0) told.push({ kind, id, open });
      }
    return told;
  }

  /** Replaces what an elder instance has told of its requests under way. */
  adoptOpen(peer: string, told: readonly OpenRequests[]): void {
    for (const [use, open] of this.#elsewhere.get(peer) ?? []) use.elsewhere -= open;
    const known = told.map(({ kind, id, open }) => {
      const use = kind === 'end user' ? this.#ofEndUser(id) : this.#ofOther(id);
      use.elsewhere += open;
      return [use, open] as const;
    });
    if (known.length === 0) this.#elsewhere.delete(peer);
    else this.#elsewhere.set(peer, known);
  }

  #ofEndUser(id: string): OwnerUse {
    const known = this.#endUsers.get(id);
    if (known !== undefined) this.#endUsers.delete(id);
    const use = known ?? unused();
    this.#endUsers.set(id, use);
    const [eldest] = this.#endUsers.size > MOST_END_USERS ? this.#endUsers.keys() : [];
    if (eldest !== undefined) this.#endUsers.delete(eldest);
    return use;
  }
}

function minutesOf({ requests, tokens }: OwnerUse, nowMs: number): Pick<UsedMinutes, 'requests' | 'tokens'> {
  return { requests: requests?.seconds(nowMs) ?? [], tokens: tokens?.seconds(nowMs) ?? [] };
}

function unused(): OwnerUse {
  return { requests: undefined, tokens: undefined, open: 0, elsewhere: 0 };
}

function isIdle({ requests, tokens, open, elsewhere }: OwnerUse, nowMs: number): boolean {
  return open + elsewhere === 0 && (requests?.used(nowMs) ?? 0) === 0 && (tokens?.used(nowMs) ?? 0) === 0;
}
