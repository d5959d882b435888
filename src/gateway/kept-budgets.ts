import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../core/json.ts';
import type { BudgetNotice, ToldBudget } from './limits/budget-notices.ts';
import { Budgets, type KeptSpent } from './limits/budgets.ts';
import type { GatewayConfig } from '../schema/gateway-config.ts';
import type { KeptUsage } from './kept-usage.ts';
import type { Log } from './log.ts';
import { StateFile } from './state/state-file.ts';

const FILE = 'budgets.json';
/** Time between two writings, ms; with many budgets a millisecond for each. */
const WRITE_MS = 1000;

/**
 * The budgets of a gateway. Spent amounts come from the rows of usage, which outlive a crash. Where no rows are kept, a file has it, but for
 * the second before a crash: of several instances the one that serves writes it; each reads it when it begins to serve.
 */
export class KeptBudgets {
  readonly budgets: Budgets;
  readonly #path: string | undefined;
  readonly #file: StateFile;
  readonly #isFile: () => boolean;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    stateDir: string | undefined,
    log: Log,
    usage: KeptUsage | undefined,
    config: () => Pick<GatewayConfig, 'timeZone' | 'usage'>,
  ) {
    this.#isFile = () => config().usage.record === 'never';
    this.#path = stateDir === undefined ? undefined : join(stateDir, FILE);
    this.#file = new StateFile(stateDir, FILE, log);
    this.budgets = new Budgets({
      timeZone: () => config().timeZone,
      onChange: () => {
        this.#changed();
      },
      onNotice: (notice) => {
        this.#changed();
        const tell = (): void => {
          log(budgetLine(notice));
        };
        if (usage === undefined || this.#isFile()) tell();
        // A line twice is better than none.
        else usage.isFirstNotice(notice).then((isFirst) => (isFirst ? tell() : undefined), tell);
      },
    });
  }

  /** Takes what another process has left. */
  read(): void {
    // A missing file is the usual case: few have budgets.
    if (this.#path === undefined || !existsSync(this.#path)) return;
    const document = this.#file.load(spentIn);
    if (document !== undefined) this.budgets.restore(document);
  }

  /** Writes the amounts soon. */
  #changed(): void {
    if (this.#isClosed || this.#timer !== undefined || !this.#isFile()) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#file.save(this.budgets.document());
      },
      Math.max(WRITE_MS, this.budgets.size),
    ).unref();
  }

  /** Writes what is left to write, unless another instance serves: then its amounts are newer. */
  async close(isReplaced: boolean): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== undefined && !isReplaced) this.#file.save(this.budgets.document());
    clearTimeout(this.#timer);
    await this.#file.flush();
  }
}

function spentIn(document: unknown): Readonly<Record<string, KeptSpent>> | undefined {
  if (!isObject(document)) return undefined;
  const read: Record<string, KeptSpent> = {};
  for (const [id, spent] of Object.entries(document)) {
    if (!isObject(spent)) return undefined;
    const { startMs, amount } = spent;
    if (typeof startMs !== 'number' || typeof amount !== 'number') return undefined;
    read[id] = { startMs, amount, told: toldIn(spent['told']) };
  }
  return read;
}

function toldIn(told: unknown): ToldBudget | undefined {
  if (!isObject(told)) return undefined;
  const { startMs, limit, percent, spent } = told;
  const isWhole = [startMs, limit, percent, spent].every((each) => typeof each === 'number');
  return isWhole ? (told as unknown as ToldBudget) : undefined;
}

function budgetLine({ owner, unit, percent, spent, limit, untilMs }: BudgetNotice): Parameters<Log>[0] {
  return {
    event: 'budget',
    owner: owner.kind,
    alias: owner.alias,
    unit,
    percent,
    spent,
    budget: limit,
    until: Number.isFinite(untilMs) ? new Date(untilMs).toISOString() : undefined,
  };
}
