import type { BudgetAmounts, BudgetUnit } from './spent-amounts.ts';

/** The amounts that running requests of an owner have reserved in a period. */
export interface HeldAmounts extends BudgetAmounts {
  readonly owner: string;
  readonly startMs: number;
}

interface Held {
  readonly owner: string;
  readonly startMs: number;
  tokens: number;
  money: number;
}

/** Less is the rest that sums and differences of money leave. */
const NOTHING = 1e-9;

/** The reserved amounts of this process, and those of elder instances, whose requests still end there. */
export class HeldByOwner {
  /** By owner, of its latest periods. */
  readonly #own = new Map<string, readonly Held[]>();
  readonly #elsewhere = new Map<string, readonly HeldAmounts[]>();

  /** Counts an amount of this process, or takes it back where it is below zero. */
  add(owner: string, startMs: number, unit: BudgetUnit, amount: number): void {
    const known = this.#own.get(owner) ?? [];
    for (const held of known)
      if (held.startMs === startMs) {
        held[unit] += amount;
        return;
      }
    const fresh = { owner, startMs, tokens: 0, money: 0 };
    fresh[unit] = amount;
    this.#own.set(owner, [...known.filter(isSome), fresh]);
  }

  /** The amounts of this process by owner. */
  own(): ReadonlyMap<string, HeldAmounts> {
    const all = [...this.#own.values()].flatMap((held) => held.filter(isSome));
    return new Map(all.map((held) => [held.owner, { ...held }]));
  }

  /** Replaces what an elder instance has told. */
  adopt(peer: string, held: readonly HeldAmounts[]): void {
    if (held.length === 0) this.#elsewhere.delete(peer);
    else this.#elsewhere.set(peer, held);
  }

  /** The amount of elder instances in a period. */
  elsewhere(owner: string, startMs: number, unit: BudgetUnit): number {
    if (this.#elsewhere.size === 0) return 0;
    let amount = 0;
    for (const all of this.#elsewhere.values())
      for (const held of all) if (held.owner === owner && held.startMs === startMs) amount += held[unit];
    return amount;
  }
}

function isSome({ tokens, money }: Held): boolean {
  return tokens >= NOTHING || money >= NOTHING;
}
