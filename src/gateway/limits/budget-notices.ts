import type { LimitOwner } from '../keys/limit-owner.ts';
import type { BudgetUnit } from './spent-amounts.ts';

/** Most of a budget is spent: told once for 80 and once for 100 percent of a period. */
export interface BudgetNotice {
  readonly owner: LimitOwner;
  readonly unit: BudgetUnit;
  readonly percent: number;
  readonly spent: number;
  readonly limit: number;
  readonly startMs: number;
  readonly untilMs: number;
}

/** The percentage of a budget that has been told in a period, and what was spent then. */
export interface ToldBudget extends Pick<BudgetNotice, 'startMs' | 'limit' | 'percent' | 'spent'> {}

const TOLD_FROM = 0.8;

/** The percentage of a budget that is worth a line: 80, 100, or 0 for none. */
export function toldPercent(spent: number, limit: number): number {
  return spent >= limit ? 100 : spent >= TOLD_FROM * limit ? 80 : 0;
}

/** The notices of this process. Whether another one has told the same is for its listener to find out. */
export class BudgetNotices {
  /** By unit and owner. */
  readonly #told: Readonly<Record<BudgetUnit, Map<string, ToldBudget>>> = { tokens: new Map(), money: new Map() };
  readonly #onNotice: (notice: BudgetNotice) => void;

  constructor(onNotice: (notice: BudgetNotice) => void) {
    this.#onNotice = onNotice;
  }

  tell(notice: BudgetNotice): void {
    const { owner, unit, percent, spent, limit, startMs } = notice;
    const known = this.#told[unit].get(owner.id);
    // Another budget has its own percentages, and one with less spent than before has been reset.
    const isSame = known?.startMs === startMs && known.limit === limit && spent >= known.spent;
    if (isSame && known.percent >= percent) return;
    this.#told[unit].set(owner.id, { startMs, limit, percent, spent });
    this.#onNotice(notice);
  }

  /** The last notice of a budget. */
  of(owner: string, unit: BudgetUnit): ToldBudget | undefined {
    return this.#told[unit].get(owner);
  }

  /** Takes what another process has told. */
  restore(owner: string, unit: BudgetUnit, told: ToldBudget): void {
    const known = this.#told[unit].get(owner);
    if (known === undefined || known.startMs < told.startMs) this.#told[unit].set(owner, told);
  }
}
