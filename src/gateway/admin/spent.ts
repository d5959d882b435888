import type { Json } from '../../core/json.ts';
import type { BudgetConfig, KeyConfig } from '../../schema/gateway-config.ts';
import type { LimitOwner } from '../keys/limit-owner.ts';
import { KeyReader } from '../keys/stored-key.ts';
import type { StoredRecord } from '../store/key-store.ts';
import type { SpentReset } from '../store/usage-store.ts';
import type { AdminCall } from './admin-call.ts';
import type { PlannedChange } from './record-content.ts';
import { fileKeyRow, keyRow, timeText } from './rows.ts';

/** An owner of budgets, as limits know it. */
interface Owner {
  readonly kind: 'key' | 'team' | 'user';
  readonly id: string;
  readonly alias: string;
  readonly budget?: BudgetConfig | undefined;
}

/** The fields of a row about the running period of its budgets: none without a budget. */
export function spentFields(call: AdminCall, { kind, id, alias, budget }: Owner): Json {
  if (budget === undefined) return {};
  const owner = limitOwner({ kind, id, alias, budget });
  const of = (unit: 'tokens' | 'money'): { readonly amount: number; readonly endMs: number } =>
    call.service.keptBudgets.budgets.spentBy(owner, unit, call.nowMs);
  const { amount, endMs } = of('money');
  return {
    ...(budget.money === undefined ? {} : { spend: withoutRest(amount) }),
    ...(budget.tokens === undefined ? {} : { token_spend: of('tokens').amount }),
    budget_reset_at: timeText(Number.isFinite(endMs) ? endMs : undefined),
  };
}

/** The same of a record. */
export function spentFieldsOf(call: AdminCall, record: StoredRecord): Json {
  return spentFields(call, ownerOf(record));
}

/** A key with what it has spent. */
export function shownRow(call: AdminCall, record: StoredRecord): Json {
  return { ...keyRow(record, call.nowMs), ...spentFieldsOf(call, record) };
}

/** The same of a key of the operator's files. */
export function shownFileRow(call: AdminCall, key: KeyConfig): Json {
  return { ...fileKeyRow(key, call.nowMs), ...spentFields(call, { kind: 'key', id: key.alias, ...key }) };
}

/** A change that sets what its owner has spent, with both amounts for the log. */
export function withAmounts(call: AdminCall, change: PlannedChange, to: SpentReset): PlannedChange {
  if (change.before === undefined) return change;
  const { spend, token_spend: tokens } = spentFieldsOf(call, change.before);
  const both = (money: unknown, ofTokens: unknown): Json => ({
    ...(spend === undefined || to.money === undefined ? {} : { spend: money }),
    ...(tokens === undefined || to.tokens === undefined ? {} : { token_spend: ofTokens }),
  });
  return { ...change, amounts: { before: both(spend, tokens), after: both(to.money, to.tokens) } };
}

/** Sets what an owner has spent in the running period of its budgets. */
export async function setSpent(call: AdminCall, record: StoredRecord, to: SpentReset): Promise<void> {
  const owner = ownerOf(record);
  const { budgets } = call.service.keptBudgets;
  if (owner.budget === undefined) return;
  const { startMs } = budgets.spentBy(limitOwner(owner), 'money', call.nowMs);
  const { usage } = call.service;
  const id = limitOwner(owner).id;
  if (await call.records.usage(async () => (await usage?.resetSpent(id, startMs, to)) ?? false, false)) return;
  budgets.reset(limitOwner(owner), to, call.nowMs);
}

/** The same, of a spend that a call may give. */
export function withSpend(call: AdminCall, change: PlannedChange, { spend }: Json): PlannedChange {
  return typeof spend === 'number' ? withAmounts(call, change, { money: spend }) : change;
}

/** A spend that a call gives is that of the running period. */
export async function takeSpend(call: AdminCall, kind: Owner['kind'], id: string, { spend }: Json): Promise<void> {
  if (typeof spend !== 'number') return;
  const record = await call.records.one({ kind, ids: [id], nowMs: call.nowMs });
  if (record !== undefined) await setSpent(call, record, { money: spend });
}

/** A sum of amounts of money, without the rest that sums of such numbers leave: each has 15 digits that count. */
function withoutRest(money: number): number {
  return Number(money.toPrecision(15));
}

function ownerOf(record: StoredRecord): Owner {
  const { alias, budget } = new KeyReader().teamOf(record);
  return { kind: record.kind, id: record.id, alias, budget };
}

function limitOwner({ kind, id, alias, budget }: Owner): LimitOwner {
  const limits = { perMinute: undefined, tokensPerMinute: undefined, parallel: undefined };
  return { kind, alias, id: `${kind} ${id}`, limits, budget };
}
