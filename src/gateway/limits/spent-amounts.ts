import { FAR_AHEAD_MS } from '../../core/budget-duration.ts';

/** The unit of a budget: tokens of prompts and answers, or money by the prices of models. */
export type BudgetUnit = 'tokens' | 'money';

/** The amounts of a request. */
export type BudgetAmounts = Readonly<Record<BudgetUnit, number>>;

/** The amount that an owner has spent in a period. */
export interface Spent {
  /** The beginning of the period, in ms since 1970. */
  readonly startMs: number;
  readonly amount: number;
}

/** The amounts that an owner has spent in a period through another process. */
export interface SpentElsewhere extends BudgetAmounts {
  readonly owner: string;
  /** The name of the process; of one name and owner the last amounts hold. */
  readonly journal: string;
  readonly startMs: number;
}

/** The spent amounts of all owners: those of this process, and those of others as the store tells them. A later period replaces a former one. */
export class SpentAmounts {
  /** By unit, then by owner: names that are joined for each look-up take 0.1 µs. */
  readonly #own: Readonly<Record<BudgetUnit, Map<string, Spent>>> = { tokens: new Map(), money: new Map() };
  /** By owner, then by process. */
  readonly #elsewhere = new Map<string, Map<string, SpentElsewhere>>();

  /** The amount in a period, or in a later one that has begun. A wrong clock has begun those long after `endMs`: they do not count. */
  of(owner: string, unit: BudgetUnit, startMs: number, endMs = Infinity): Spent {
    const mostMs = endMs + FAR_AHEAD_MS;
    const kept = this.#own[unit].get(owner);
    const own = kept === undefined || kept.startMs > mostMs ? undefined : kept;
    const others = this.#elsewhere.get(owner);
    let latestMs = own === undefined || own.startMs < startMs ? startMs : own.startMs;
    if (others === undefined) return { startMs: latestMs, amount: own?.startMs === latestMs ? own.amount : 0 };
    for (const one of others.values()) if (one.startMs <= mostMs) latestMs = Math.max(latestMs, one.startMs);
    let amount = own?.startMs === latestMs ? own.amount : 0;
    for (const one of others.values()) if (one.startMs === latestMs) amount += one[unit];
    return { startMs: latestMs, amount };
  }

  /** Adds an amount of this process. */
  add(owner: string, unit: BudgetUnit, { startMs, amount }: Spent, endMs = Infinity): void {
    const own = this.#own[unit];
    const known = own.get(owner);
    if (known === undefined || known.startMs < startMs || known.startMs > endMs + FAR_AHEAD_MS)
      own.set(owner, { startMs, amount });
    else if (known.startMs === startMs) own.set(owner, { startMs, amount: known.amount + amount });
  }

  /** Takes the amounts of other processes. */
  adopt(amounts: readonly SpentElsewhere[]): void {
    for (const one of amounts) {
      let others = this.#elsewhere.get(one.owner);
      if (others === undefined) this.#elsewhere.set(one.owner, (others = new Map()));
      if (one.tokens === 0 && one.money === 0) others.delete(one.journal);
      else others.set(one.journal, one);
      if (others.size === 0) this.#elsewhere.delete(one.owner);
    }
  }
}

/** Unit and owner in the name of an amount. */
export function partsOf(id: string): readonly [unit: BudgetUnit, owner: string] {
  const end = id.indexOf(' ');
  return [id.slice(0, end) === 'money' ? 'money' : 'tokens', id.slice(end + 1)];
}
