import type { LimitOwner } from '../keys/limit-owner.ts';
import { partOf } from './part-of.ts';
import { budgetPeriodAt, type BudgetPeriod } from './budget-period.ts';

/** The unit of a budget: tokens of prompts and answers, or money by the prices of models. */
export type BudgetUnit = 'tokens' | 'money';

/** The amounts of a request. */
export type BudgetAmounts = Readonly<Record<BudgetUnit, number>>;

/** The amount that an owner has spent in a period. */
export interface Spent {
  readonly startMs: number;
  readonly amount: number;
  /** The percentage of a budget that has been told, 0, 80 or 100, and that budget. */
  readonly told: number;
  readonly limit: number;
}

/** The place where spent amounts are kept, by the id of an owner and its unit. A store that outlives the process takes its place later. */
export interface SpentAmounts {
  get(id: string): Spent | undefined;
  set(id: string, spent: Spent): void;
}

/** A request that a budget refuses. Nothing is counted. */
export interface BudgetRefusal {
  readonly owner: LimitOwner;
  readonly unit: BudgetUnit;
  readonly limit: number;
  readonly spent: number;
  readonly wanted: number;
  /** Running requests have reserved what is missing: it may be free when they end. */
  readonly isHeld: boolean;
  /** When the next period begins, in ms since 1970; Infinity: never. */
  readonly untilMs: number;
}

/** Most of a budget is spent: told once for 80 and once for 100 percent of a period. */
export interface BudgetNotice {
  readonly owner: LimitOwner;
  readonly unit: BudgetUnit;
  readonly percent: number;
  readonly spent: number;
  readonly limit: number;
  readonly untilMs: number;
}

/** The amounts that a running request has reserved. */
export interface BudgetHold {
  /** The request has ended, with these amounts. Further calls do nothing. */
  settle(amounts: BudgetAmounts): void;
}

/** The surroundings of budgets. */
export interface BudgetOptions {
  readonly onNotice?: (notice: BudgetNotice) => void;
  /** Amounts have changed. */
  readonly onChange?: () => void;
  readonly timeZone?: () => string | undefined;
  /** Without it they are kept in memory. */
  readonly spent?: SpentAmounts;
}

const TOLD_FROM = 0.8;
const UNITS: readonly BudgetUnit[] = ['tokens', 'money'];

/** The running period of a budget. */
interface Running {
  readonly period: BudgetPeriod;
  held: number;
}

/**
 * The budgets of keys and teams. The most that a request may take is reserved, so that a hundred at once do not spend a budget a hundred times,
 * and its real amount replaces that at its end: in the period in which it began.
 */
export class Budgets {
  readonly #spent: SpentAmounts;
  readonly #onNotice: (notice: BudgetNotice) => void;
  readonly #onChange: () => void;
  readonly #timeZone: () => string | undefined;
  readonly #running = new Map<string, Running>();

  constructor({ onNotice = () => {}, onChange = () => {}, timeZone, spent = new Map() }: BudgetOptions = {}) {
    this.#onNotice = onNotice;
    this.#onChange = onChange;
    this.#spent = spent;
    this.#timeZone = timeZone ?? (() => undefined);
  }

  /** The budget that a request does not fit in; the one that is spent before one that is only reserved. */
  refusalOf(owners: readonly LimitOwner[], wanted: BudgetAmounts, dateMs: number): BudgetRefusal | undefined {
    let found: BudgetRefusal | undefined;
    for (const owner of owners)
      for (const unit of UNITS) {
        const limit = owner.budget?.[unit];
        // A model without a price costs nothing, so no spent amount of money stops it.
        if (limit === undefined || wanted[unit] === 0) continue;
        const { period, held } = this.#runningOf(owner, unit, dateMs);
        const { amount: spent } = this.#spentOf(owner, unit, period);
        if (spent + held + wanted[unit] <= limit) continue;
        const isHeld = spent + wanted[unit] <= limit;
        // A request that is too large for a budget that has hardly begun says nothing about it.
        if (!isHeld && spent >= TOLD_FROM * limit) this.#tell(owner, unit, period, 100);
        if (found === undefined || (found.isHeld && !isHeld))
          found = { owner, unit, limit, spent, wanted: wanted[unit], isHeld, untilMs: period.endMs };
      }
    return found;
  }

  /** Reserves amounts that fit; `undefined` if no owner has a budget. */
  hold(owners: readonly LimitOwner[], wanted: BudgetAmounts, dateMs: number): BudgetHold | undefined {
    const held: { readonly owner: LimitOwner; readonly unit: BudgetUnit; readonly running: Running }[] = [];
    for (const owner of owners)
      for (const unit of UNITS) {
        if (owner.budget?.[unit] === undefined) continue;
        const running = this.#runningOf(owner, unit, dateMs);
        running.held += wanted[unit];
        held.push({ owner, unit, running });
      }
    if (held.length === 0) return undefined;
    this.#onChange();
    let isOver = false;
    const settle = (amounts: BudgetAmounts): void => {
      if (isOver) return;
      isOver = true;
      for (const { owner, unit, running } of held) {
        running.held -= wanted[unit];
        if (amounts[unit] > 0) this.#spend(owner, unit, running.period, amounts[unit]);
      }
      this.#onChange();
    };
    return { settle };
  }

  /** The spent part of an owner's budgets, of two the larger one, with what is reserved; `undefined` without a budget. */
  ratioOf(owner: LimitOwner, dateMs: number): number | undefined {
    const parts = UNITS.flatMap((unit) => {
      const limit = owner.budget?.[unit];
      if (limit === undefined) return [];
      const { period, held } = this.#runningOf(owner, unit, dateMs);
      return [partOf(this.#spentOf(owner, unit, period).amount + held, limit)];
    });
    return parts.length === 0 ? undefined : Math.max(...parts);
  }

  /** The number of budgets. */
  get size(): number {
    return this.#running.size;
  }

  /** All that was spent, with what is reserved: a process that ends with open requests has probably spent that. */
  document(): Readonly<Record<string, Spent>> {
    const document: Record<string, Spent> = {};
    for (const [key, { period, held }] of this.#running) {
      const id = key.slice(0, key.lastIndexOf('\n'));
      const spent = this.#spent.get(id);
      if (spent === undefined && held === 0) continue;
      const { startMs } = period;
      const current =
        spent !== undefined && spent.startMs >= startMs ? spent : { startMs, amount: 0, told: 0, limit: 0 };
      document[id] = { ...current, amount: current.amount + held };
    }
    return document;
  }

  /** Takes amounts that another process left, where they are larger or later. */
  restore(document: Readonly<Record<string, Spent>>): void {
    for (const [id, spent] of Object.entries(document)) {
      const known = this.#spent.get(id);
      const isNewer = known === undefined || known.startMs < spent.startMs;
      if (isNewer || (known.startMs === spent.startMs && known.amount < spent.amount)) this.#spent.set(id, spent);
    }
  }

  #runningOf({ id, budget }: LimitOwner, unit: BudgetUnit, dateMs: number): Running {
    const { count = 0, unit: length = '' } = budget?.duration ?? {};
    const key = `${unit} ${id}\n${String(count)}${length}`;
    const known = this.#running.get(key);
    // A clock that is set back begins no former period again.
    if (known !== undefined && dateMs < known.period.endMs) return known;
    const running = { period: budgetPeriodAt(budget?.duration, dateMs, this.#timeZone()), held: 0 };
    this.#running.set(key, running);
    return running;
  }

  #spentOf({ id }: LimitOwner, unit: BudgetUnit, { startMs }: BudgetPeriod): Spent {
    const known = this.#spent.get(`${unit} ${id}`);
    return known !== undefined && known.startMs >= startMs ? known : { startMs, amount: 0, told: 0, limit: 0 };
  }

  #spend(owner: LimitOwner, unit: BudgetUnit, period: BudgetPeriod, amount: number): void {
    const known = this.#spentOf(owner, unit, period);
    // The next period has begun: the request had its place in the former one.
    if (known.startMs > period.startMs && known.startMs >= period.endMs) return;
    const limit = owner.budget?.[unit] ?? Infinity;
    const spent = known.amount + amount;
    const percent = spent >= limit ? 100 : spent >= TOLD_FROM * limit ? 80 : 0;
    this.#spent.set(`${unit} ${owner.id}`, { ...known, amount: spent });
    if (percent > 0) this.#tell(owner, unit, period, percent);
  }

  #tell(owner: LimitOwner, unit: BudgetUnit, period: BudgetPeriod, percent: number): void {
    const known = this.#spentOf(owner, unit, period);
    const limit = owner.budget?.[unit];
    // Another budget has its own percentages.
    if (limit === undefined || (known.limit === limit && known.told >= percent)) return;
    this.#spent.set(`${unit} ${owner.id}`, { ...known, told: percent, limit });
    this.#onNotice({ owner, unit, percent, spent: known.amount, limit, untilMs: period.endMs });
  }
}
