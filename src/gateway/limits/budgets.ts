import type { LimitOwner } from '../keys/limit-owner.ts';
import { BudgetNotices, toldPercent, type BudgetNotice, type ToldBudget } from './budget-notices.ts';
import { partOf } from './part-of.ts';
import type { BudgetPeriod } from './budget-period.ts';
import { HeldElsewhere, type HeldAmounts } from './held-elsewhere.ts';
import { RunningBudgets, spentByText, type RunningBudget } from './running-budgets.ts';
import {
  partsOf,
  SpentAmounts,
  type BudgetAmounts,
  type BudgetUnit,
  type Spent,
  type SpentElsewhere,
} from './spent-amounts.ts';

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

/** The amounts that a running request has reserved. */
export interface BudgetHold {
  /** The owners of budgets with the beginnings of their periods, as a row of usage has them, in JSON. */
  readonly spentBy: string;
  /** The request has ended, with these amounts. Further calls do nothing. */
  settle(amounts: BudgetAmounts): void;
}

/** A spent amount as a file keeps it, with what was told of its budget. */
export interface KeptSpent extends Spent {
  readonly told?: ToldBudget | undefined;
}

/** The surroundings of budgets. */
export interface BudgetOptions {
  readonly onNotice?: (notice: BudgetNotice) => void;
  /** Amounts have changed. */
  readonly onChange?: () => void;
  readonly timeZone?: () => string | undefined;
}

const UNITS: readonly BudgetUnit[] = ['tokens', 'money'];

/** The part of a request that a budget has reserved. */
interface HeldPart {
  readonly owner: LimitOwner;
  readonly unit: BudgetUnit;
  /** The unit without a budget counts as well: one may come within the period, and the rows have both. */
  readonly other: BudgetUnit | undefined;
  readonly running: RunningBudget;
}

/**
 * The budgets of keys and teams. The most that a request may take is reserved, so that a hundred at once do not spend a budget a hundred times,
 * and its real amount replaces that at its end: in the period in which it began.
 */
export class Budgets {
  readonly #spent = new SpentAmounts();
  readonly heldElsewhere = new HeldElsewhere();
  readonly #notices: BudgetNotices;
  readonly #onChange: () => void;
  readonly #running: RunningBudgets;

  constructor({ onNotice = () => {}, onChange = () => {}, timeZone }: BudgetOptions = {}) {
    this.#notices = new BudgetNotices(onNotice);
    this.#onChange = onChange;
    this.#running = new RunningBudgets(timeZone ?? (() => undefined));
  }

  /** The budget that a request does not fit in; the one that is spent before one that is only reserved. */
  refusalOf(owners: readonly LimitOwner[], wanted: BudgetAmounts, dateMs: number): BudgetRefusal | undefined {
    let found: BudgetRefusal | undefined;
    for (const owner of owners)
      for (const unit of UNITS) {
        const limit = owner.budget?.[unit];
        // A model without a price costs nothing, so no spent amount of money stops it.
        if (limit === undefined || wanted[unit] === 0) continue;
        const { period, held: own } = this.#runningOf(owner, unit, dateMs);
        const held = own + this.heldElsewhere.of(owner.id, period.startMs, unit);
        const { amount: spent } = this.#spentOf(owner, unit, period);
        if (spent + held + wanted[unit] <= limit) continue;
        const isHeld = spent + wanted[unit] <= limit;
        // A request that is too large for a budget that has hardly begun says nothing about it.
        if (!isHeld && toldPercent(spent, limit) > 0) this.#tell(owner, unit, period, 100);
        if (found === undefined || (found.isHeld && !isHeld))
          found = { owner, unit, limit, spent, wanted: wanted[unit], isHeld, untilMs: period.endMs };
      }
    return found;
  }

  /** Reserves amounts that fit; `undefined` if no owner has a budget. */
  hold(owners: readonly LimitOwner[], wanted: BudgetAmounts, dateMs: number): BudgetHold | undefined {
    const held: HeldPart[] = [];
    for (const owner of owners)
      for (const unit of UNITS) {
        if (owner.budget?.[unit] === undefined) continue;
        const running = this.#runningOf(owner, unit, dateMs);
        running.held += wanted[unit];
        const other = UNITS.find((each) => owner.budget?.[each] === undefined);
        held.push({ owner, unit, other, running });
      }
    if (held.length === 0) return undefined;
    this.#onChange();
    let isOver = false;
    const settle = (amounts: BudgetAmounts): void => {
      if (isOver) return;
      isOver = true;
      for (const { owner, unit, other, running } of held) {
        running.held -= wanted[unit];
        if (amounts[unit] > 0) this.#spend(owner, unit, running.period, amounts[unit]);
        if (other !== undefined && amounts[other] > 0) this.#spend(owner, other, running.period, amounts[other]);
      }
      this.#onChange();
    };
    return { spentBy: this.#spentByText(held), settle };
  }

  #spentByText(held: readonly HeldPart[]): string {
    let [text, before] = ['', ''];
    for (const { owner, unit, running } of held) {
      // Two budgets of an owner have one period.
      if (owner.id === before) continue;
      before = owner.id;
      const { startMs } = this.#spentOf(owner, unit, running.period);
      const part = spentByText(running, owner.id, startMs);
      text = text === '' ? part : `${text},${part}`;
    }
    return `[${text}]`;
  }

  /** The amounts that running requests have reserved, by owner, for other instances. */
  heldByOwner(): ReadonlyMap<string, HeldAmounts> {
    return this.#running.heldByOwner();
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

  /** The amount of a budget that an owner has spent in the period of a moment, which ends at `endMs`. */
  spentBy(owner: LimitOwner, unit: BudgetUnit, dateMs: number): Spent & Pick<BudgetPeriod, 'endMs'> {
    const { period } = this.#runningOf(owner, unit, dateMs);
    return { ...this.#spentOf(owner, unit, period), endMs: period.endMs };
  }

  /** Sets what an owner has spent in the period of a moment, where no store keeps it. */
  reset(owner: LimitOwner, to: Partial<BudgetAmounts>, dateMs: number): void {
    for (const unit of UNITS) {
      const { startMs, amount } = this.spentBy(owner, unit, dateMs);
      this.#spent.add(owner.id, unit, { startMs, amount: (to[unit] ?? amount) - amount });
    }
    this.#onChange();
  }

  /** All that was spent, with what is reserved: a process that ends with open requests has probably spent that. */
  document(): Readonly<Record<string, KeptSpent>> {
    const document: Record<string, KeptSpent> = {};
    for (const unit of UNITS)
      for (const [owner, { period, held }] of this.#running.ofUnit(unit))
        for (const each of UNITS) {
          const { startMs, amount: spent } = this.#spent.of(owner, each, period.startMs);
          const [name, amount] = [`${each} ${owner}`, spent + (each === unit ? held : 0)];
          if (amount <= (document[name]?.amount ?? 0)) continue;
          document[name] = { startMs, amount, told: this.#notices.of(owner, each) };
        }
    return document;
  }

  /** Takes amounts that another process left, where they are larger or later. */
  restore(document: Readonly<Record<string, KeptSpent>>): void {
    for (const [id, { startMs, amount, told }] of Object.entries(document)) {
      const [unit, owner] = partsOf(id);
      const known = this.#spent.of(owner, unit, startMs);
      if (known.startMs === startMs && known.amount < amount)
        this.#spent.add(owner, unit, { startMs, amount: amount - known.amount });
      if (told !== undefined) this.#notices.restore(owner, unit, told);
    }
  }

  /** Takes the amounts that the store has of other processes. */
  adopt(amounts: readonly SpentElsewhere[]): void {
    this.#spent.adopt(amounts);
  }

  /** A clock that was set back while no process ran begins no former period again either. */
  #runningOf(owner: LimitOwner, unit: BudgetUnit, dateMs: number): RunningBudget {
    const running = this.#running.of(owner, unit, dateMs);
    const { startMs } = this.#spentOf(owner, unit, running.period);
    return startMs < running.period.endMs ? running : this.#running.of(owner, unit, startMs);
  }

  #spentOf({ id }: LimitOwner, unit: BudgetUnit, { startMs, endMs }: BudgetPeriod): Spent {
    return this.#spent.of(id, unit, startMs, endMs);
  }

  #spend(owner: LimitOwner, unit: BudgetUnit, period: BudgetPeriod, amount: number): void {
    const known = this.#spentOf(owner, unit, period);
    // The next period has begun: the request had its place in the former one.
    if (known.startMs > period.startMs && known.startMs >= period.endMs) return;
    const limit = owner.budget?.[unit] ?? Infinity;
    this.#spent.add(owner.id, unit, { startMs: known.startMs, amount }, period.endMs);
    const percent = toldPercent(known.amount + amount, limit);
    if (percent > 0) this.#tell(owner, unit, period, percent);
  }

  #tell(owner: LimitOwner, unit: BudgetUnit, period: BudgetPeriod, percent: number): void {
    const { startMs, amount: spent } = this.#spentOf(owner, unit, period);
    const limit = owner.budget?.[unit];
    if (limit === undefined) return;
    this.#notices.tell({ owner, unit, percent, spent, limit, startMs, untilMs: period.endMs });
  }
}
