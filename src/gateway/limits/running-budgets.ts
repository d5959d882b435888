import { FAR_AHEAD_MS, type BudgetDuration } from '../../core/budget-duration.ts';
import type { LimitOwner } from '../keys/limit-owner.ts';
import { budgetPeriodAt, type BudgetPeriod } from './budget-period.ts';
import type { HeldAmounts } from './held-elsewhere.ts';
import type { BudgetUnit } from './spent-amounts.ts';

/** Less is the rest that sums and differences of money leave. */
const NOTHING = 1e-9;

/** The running period of a budget of a length. */
export interface RunningBudget {
  readonly duration: BudgetDuration | undefined;
  readonly period: BudgetPeriod;
  /** The amount that running requests have reserved. */
  held: number;
  /** The part of a row of usage that names it, with the beginning of the period that it names. */
  spentBy: string;
  spentMs: number;
}

/** The running periods of budgets: by unit, then by owner, since names that are joined for each look-up take 0.1 µs. */
export class RunningBudgets {
  readonly #all: Readonly<Record<BudgetUnit, Map<string, readonly RunningBudget[]>>> = {
    tokens: new Map(),
    money: new Map(),
  };
  readonly #timeZone: () => string | undefined;

  constructor(timeZone: () => string | undefined) {
    this.#timeZone = timeZone;
  }

  /** The number of budgets. */
  get size(): number {
    return this.#all.tokens.size + this.#all.money.size;
  }

  /** The period of an owner's budget that has a moment. */
  of({ id, budget }: LimitOwner, unit: BudgetUnit, dateMs: number): RunningBudget {
    const duration = budget?.duration;
    const known = this.#all[unit].get(id) ?? [];
    const found = known.find((one) => isSame(one.duration, duration));
    // A clock that is set back begins no former period again, but for one that was far ahead: its period would lock the budget for years.
    if (found !== undefined && dateMs < found.period.endMs && found.period.startMs - dateMs <= FAR_AHEAD_MS)
      return found;
    const period = budgetPeriodAt(duration, dateMs, this.#timeZone());
    const running = { duration, period, held: 0, spentBy: '', spentMs: Number.NaN };
    this.#all[unit].set(id, [...known.filter((one) => one !== found), running]);
    return running;
  }

  /** The reserved amounts by owner, of its latest period. */
  heldByOwner(): ReadonlyMap<string, HeldAmounts> {
    const all = new Map<string, HeldAmounts>();
    for (const unit of ['tokens', 'money'] as const)
      for (const [owner, { period, held }] of this.ofUnit(unit)) {
        const { startMs } = period;
        const known = all.get(owner);
        if (held < NOTHING || (known !== undefined && startMs < known.startMs)) continue;
        const before = known?.startMs === startMs ? known : { owner, startMs, tokens: 0, money: 0 };
        all.set(owner, { ...before, [unit]: before[unit] + held });
      }
    return all;
  }

  /** All of a unit, with their owners. */
  *ofUnit(unit: BudgetUnit): Generator<readonly [owner: string, running: RunningBudget]> {
    for (const [owner, all] of this.#all[unit]) for (const running of all) yield [owner, running];
  }
}

/** The part of a row of usage that names a budget as spent in a period which begins then, as JSON. */
export function spentByText(running: RunningBudget, owner: string, startMs: number): string {
  if (startMs !== running.spentMs) {
    running.spentMs = startMs;
    running.spentBy = JSON.stringify([owner, startMs]);
  }
  return running.spentBy;
}

function isSame(one: BudgetDuration | undefined, other: BudgetDuration | undefined): boolean {
  return one === other || (one?.count === other?.count && one?.unit === other?.unit);
}
