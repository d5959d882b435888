import type { BudgetAmounts, BudgetUnit } from './spent-amounts.ts';

/** The amounts that running requests of an owner have reserved in a period. */
export interface HeldAmounts extends BudgetAmounts {
  readonly owner: string;
  readonly startMs: number;
}

/** Less is the rest that sums and differences of money leave. */
const NOTHING = 1e-9;

/** The reserved amounts of this process, and those of elder instances, whose requests still end there. */
export class HeldByOwner {
  readonly #own = new Map<
    string,
    { readonly owner: string; readonly startMs: number; tokens: number; money: number }
  >();
  readonly #elsewhere = new Map<string, readonly HeldAmounts[]>();

  /** Counts an amount of this process, or forgets it where it is below zero. */
  add(owner: string, startMs: number, unit: BudgetUnit, amount: number): void {
    const name = `${owner}\n${String(startMs)}`;
    const held = this.#own.get(name) ?? { owner, startMs, tokens: 0, money: 0 };
    held[unit] += amount;
    if (held.tokens < NOTHING && held.money < NOTHING) this.#own.delete(name);
    else this.#own.set(name, held);
  }

  /** The amounts of this process by owner. */
  own(): ReadonlyMap<string, HeldAmounts> {
    return new Map([...this.#own.values()].map((held) => [held.owner, { ...held }]));
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
