import type { BudgetAmounts, BudgetUnit } from './spent-amounts.ts';

/** The amounts that running requests of an owner have reserved in a period. */
export interface HeldAmounts extends BudgetAmounts {
  readonly owner: string;
  readonly startMs: number;
}

/** The amounts that are reserved in elder instances, whose requests still end there. */
export class HeldElsewhere {
  readonly #all = new Map<string, readonly HeldAmounts[]>();

  /** Replaces what an instance has told. */
  adopt(peer: string, held: readonly HeldAmounts[]): void {
    if (held.length === 0) this.#all.delete(peer);
    else this.#all.set(peer, held);
  }

  /** The amount of an owner in a period. */
  of(owner: string, startMs: number, unit: BudgetUnit): number {
    if (this.#all.size === 0) return 0;
    let amount = 0;
    for (const all of this.#all.values())
      for (const held of all) if (held.owner === owner && held.startMs === startMs) amount += held[unit];
    return amount;
  }
}
