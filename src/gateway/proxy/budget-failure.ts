import type { Failure } from '../exchange.ts';
import type { LimitOwner } from '../keys/limit-owner.ts';
import type { BudgetRefusal } from '../limits/budgets.ts';
import type { BudgetAmounts } from '../limits/spent-amounts.ts';
import type { RequestContext } from '../request-context.ts';
import { amountsOf } from './prices.ts';
import { mostAmounts, type LimitedRequest } from './token-reservation.ts';

/** Wait of a request whose budget others have reserved, ms: a guess, since they end when they end. */
const HELD_RETRY_MS = 1000;
const NOTHING: BudgetAmounts = { tokens: 0, money: 0 };

/** The most that a request may take of budgets; `undefined` if none of its owners has one. */
export function budgetAmounts(
  context: RequestContext,
  owners: readonly LimitOwner[],
  request: LimitedRequest | undefined,
): BudgetAmounts | undefined {
  if (!owners.some(({ budget }) => budget !== undefined)) return undefined;
  const isFree = request === undefined || request.endpoint.tokenCountBody !== undefined;
  return isFree ? NOTHING : mostAmounts(context, request);
}

/** The failure of a request that does not fit in a budget. */
export function budgetFailure(
  { service, record }: RequestContext,
  owners: readonly LimitOwner[],
  amounts: BudgetAmounts,
): Failure | undefined {
  const refusal = service.keptBudgets.budgets.refusalOf(owners, amounts, Date.now());
  if (refusal === undefined) return undefined;
  record.limitedBy = 'budget';
  return spent(refusal);
}

/** Reserves the amounts until the request ends, when those that its server counted take their place. */
export function holdBudget(context: RequestContext, owners: readonly LimitOwner[], amounts: BudgetAmounts): void {
  const { service, admission, record } = context;
  const hold = service.keptBudgets.budgets.hold(owners, amounts, Date.now());
  if (hold === undefined || admission === undefined) return;
  record.spentBy = hold.spentBy;
  // V8 allocates a function literal behind `property =` in the old generation, and it would keep its whole request there.
  const settle = (): void => {
    hold.settle(amountsOf(service.config, record));
  };
  admission.onEnd = settle;
}

function spent(refusal: BudgetRefusal): Failure {
  const { owner, unit, isHeld, untilMs } = refusal;
  const [limit, used, wanted] = [refusal.limit, refusal.spent, refusal.wanted].map((amount) => words(amount, unit));
  const budget = `The budget of the ${owner.kind} ${owner.alias} is ${String(limit)}`;
  const state = `${String(used)} are spent and this request may take ${String(wanted)}`;
  if (isHeld)
    return {
      kind: 'limited',
      code: 'rate_limit_exceeded',
      limited: 'tokens',
      message: `${budget}: ${state}, but running requests have reserved the rest. Please try again in 1s.`,
      retryAfterMs: HELD_RETRY_MS,
      shouldRetry: true,
    };
  const until = Number.isFinite(untilMs)
    ? `A new period begins at ${new Date(untilMs).toISOString()}.`
    : 'It has no period, so it holds until it is raised.';
  return {
    kind: 'limited',
    code: 'insufficient_quota',
    limited: 'insufficient_quota',
    message: `${budget}: ${state}. ${until}`,
    shouldRetry: false,
  };
}

function words(amount: number, unit: BudgetRefusal['unit']): string {
  return unit === 'tokens' ? `${String(amount)} tokens` : `$${String(Number(amount.toFixed(6)))}`;
}
