import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitOwner } from '../../../src/gateway/keys/limit-owner.ts';
import type { BudgetNotice } from '../../../src/gateway/limits/budget-notices.ts';
import { Budgets, type BudgetHold } from '../../../src/gateway/limits/budgets.ts';
import type { BudgetDuration } from '../../../src/core/budget-duration.ts';
import { Random } from '../../../src/simulation/random.ts';

const DAILY: BudgetDuration = { count: 1, unit: 'd' };
const DAY = Date.UTC(2026, 10, 30);
const ownerOf = (alias: string, tokens?: number, money?: number, duration?: BudgetDuration): LimitOwner => ({
  kind: 'key',
  alias,
  id: `key ${alias}`,
  limits: { perMinute: undefined, parallel: undefined },
  budget: { tokens, money, duration },
});
const tokens = (amount: number): { readonly tokens: number; readonly money: number } => ({ tokens: amount, money: 0 });

function reserve(
  budgets: Budgets,
  owners: readonly LimitOwner[],
  amount: number,
  dateMs = DAY,
): BudgetHold | undefined {
  return budgets.refusalOf(owners, tokens(amount), dateMs) === undefined
    ? budgets.hold(owners, tokens(amount), dateMs)
    : undefined;
}

test('a hundred at once never spend more than a budget, and no more than 6 % of it is left', () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const random = new Random(seed, 'budget');
    const budgets = new Budgets();
    const owner = ownerOf('a', 100_000);
    const open: { readonly hold: BudgetHold; readonly most: number }[] = [];
    let spent = 0;
    let refused = 0;
    for (let turn = 0; turn < 5000 && refused < 300; turn += 1) {
      if (open.length < 100) {
        const most = 100 + random.below(3000);
        const hold = reserve(budgets, [owner], most);
        if (hold !== undefined) {
          open.push({ hold, most });
          continue;
        }
        refused += 1;
      }
      const [ended] = open.splice(random.below(Math.max(1, open.length)), 1);
      if (ended === undefined) continue;
      const actual = random.below(ended.most + 1);
      spent += actual;
      ended.hold.settle(tokens(actual));
      ended.hold.settle(tokens(actual));
    }
    for (const { hold, most } of open) {
      spent += most;
      hold.settle(tokens(most));
    }
    assert.ok(spent <= 100_000 && spent >= 94_000, `${String(spent)} of seed ${String(seed)}`);
    assert.equal(budgets.document()['tokens key a']?.amount, spent);
  }
});

test('a spent budget says until when, a reserved one that it may be free soon', () => {
  const budgets = new Budgets();
  const owner = ownerOf('a', 100, undefined, DAILY);
  const first = reserve(budgets, [owner], 60);
  assert.partialDeepStrictEqual(budgets.refusalOf([owner], tokens(60), DAY), { isHeld: true, spent: 0, wanted: 60 });
  first?.settle(tokens(70));
  assert.partialDeepStrictEqual(budgets.refusalOf([owner], tokens(60), DAY), {
    isHeld: false,
    spent: 70,
    limit: 100,
    untilMs: DAY + 86_400_000,
  });
  assert.ok(reserve(budgets, [owner], 30) !== undefined);
});

test('the next period begins with nothing, whatever still runs; a clock that is set back brings no period back', () => {
  const budgets = new Budgets();
  const owner = ownerOf('a', 100, undefined, DAILY);
  reserve(budgets, [owner], 90)?.settle(tokens(90));
  const late = reserve(budgets, [owner], 10);
  const next = DAY + 86_400_000;
  assert.ok(reserve(budgets, [owner], 100, next) !== undefined);
  late?.settle(tokens(10));
  assert.equal(reserve(budgets, [owner], 1, next - 1), undefined);
});

test('a clock that was set back while no process ran leaves no budget uncounted', () => {
  const owner = ownerOf('a', 100, undefined, DAILY);
  const next = DAY + 86_400_000;
  const before = new Budgets();
  reserve(before, [owner], 40, next)?.settle(tokens(40));
  const budgets = new Budgets();
  budgets.restore(before.document());
  for (let count = 0; count < 10; count += 1) reserve(budgets, [owner], 20, DAY)?.settle(tokens(20));
  assert.partialDeepStrictEqual(budgets.refusalOf([owner], tokens(20), DAY), {
    spent: 100,
    untilMs: next + 86_400_000,
  });
});

test('a clock that was years ahead for a while locks no budget for years', () => {
  const owner = ownerOf('a', 100, undefined, DAILY);
  const ahead = DAY + 30 * 365 * 86_400_000;
  const told = { owner: 'key a', journal: 'j', startMs: ahead, tokens: 90, money: 0 };
  for (const isOther of [false, true]) {
    const budgets = new Budgets();
    if (isOther) budgets.adopt([told]);
    else reserve(budgets, [owner], 90, ahead)?.settle(tokens(90));
    assert.equal(reserve(budgets, [owner], 20, ahead), undefined);
    reserve(budgets, [owner], 60, DAY)?.settle(tokens(60));
    assert.partialDeepStrictEqual(budgets.refusalOf([owner], tokens(60), DAY), {
      spent: 60,
      untilMs: DAY + 86_400_000,
    });
    assert.ok(reserve(budgets, [owner], 100, DAY + 86_400_000) !== undefined);
  }
});

test('all budgets of a request are checked, then all are taken, or none', () => {
  const budgets = new Budgets();
  const [small, large] = [ownerOf('small', 10), ownerOf('large', 1000)];
  assert.equal(reserve(budgets, [large, small], 20), undefined);
  assert.ok(reserve(budgets, [large], 1000) !== undefined);
});

test('money stops only what has a price', () => {
  const budgets = new Budgets();
  const owner = ownerOf('a', undefined, 1);
  const cost = { tokens: 500, money: 0.6 };
  budgets.hold([owner], cost, DAY)?.settle({ tokens: 400, money: 0.5 });
  assert.partialDeepStrictEqual(budgets.refusalOf([owner], cost, DAY), {
    unit: 'money',
    isHeld: false,
    untilMs: Infinity,
  });
  assert.equal(budgets.refusalOf([owner], tokens(1e6), DAY), undefined);
});

test('80 and 100 percent are told once in a period, and again for another budget', () => {
  const told: BudgetNotice[] = [];
  const budgets = new Budgets({ onNotice: (notice) => told.push(notice) });
  const spend = (owner: LimitOwner, amount: number, dateMs = DAY): void =>
    reserve(budgets, [owner], amount, dateMs)?.settle(tokens(amount));
  const owner = ownerOf('a', 100, undefined, DAILY);
  for (const amount of [79, 1, 5, 20, 20, 15, 1]) spend(owner, amount);
  assert.deepEqual(
    told.map(({ percent, spent, limit }) => [percent, spent, limit]),
    [
      [80, 80, 100],
      [100, 85, 100],
    ],
  );
  const larger = ownerOf('a', 200, undefined, DAILY);
  for (const amount of [40, 40, 5]) spend(larger, amount);
  for (const amount of [80, 5]) spend(owner, amount, DAY + 86_400_000);
  assert.deepEqual(
    told.slice(2).map(({ percent, spent }) => [percent, spent]),
    [
      [80, 180],
      [80, 80],
    ],
  );
});

test('amounts that requests of an elder instance have reserved count until they end', () => {
  const owner = ownerOf('a', 100, undefined, DAILY);
  const [elder, younger] = [new Budgets(), new Budgets()];
  const first = reserve(elder, [owner], 60);
  const tell = (): void => {
    younger.heldElsewhere.adopt('elder', [...elder.heldByOwner().values()]);
  };
  tell();
  assert.partialDeepStrictEqual(younger.refusalOf([owner], tokens(50), DAY), { isHeld: true, spent: 0 });
  assert.ok(reserve(younger, [owner], 40) !== undefined);
  assert.equal(younger.refusalOf([owner], tokens(100), DAY + 86_400_000), undefined, 'another period');
  first?.settle(tokens(10));
  tell();
  assert.deepEqual([...elder.heldByOwner()], []);
  assert.ok(reserve(younger, [owner], 60) !== undefined);
});

test('amounts that were spent or reserved outlive the process, and none is counted twice', () => {
  const before = new Budgets();
  const owner = ownerOf('a', 100, undefined, DAILY);
  reserve(before, [owner], 40)?.settle(tokens(30));
  reserve(before, [owner], 20);
  const document = before.document();
  const after = new Budgets();
  after.restore(document);
  after.restore(document);
  assert.equal(reserve(after, [owner], 51), undefined);
  assert.ok(reserve(after, [owner], 50) !== undefined);
  const next = new Budgets();
  next.restore(document);
  assert.ok(reserve(next, [owner], 100, DAY + 86_400_000) !== undefined);
});

test('a budget of another unit that comes within the period finds what was spent before it, also after a restart', () => {
  const budgets = new Budgets();
  const settle = (owner: LimitOwner): void => {
    budgets.hold([owner], { tokens: 100, money: 2 }, DAY)?.settle({ tokens: 50, money: 1 });
  };
  settle(ownerOf('a', 1000, undefined, DAILY));
  settle(ownerOf('b', undefined, 10, DAILY));
  const restarted = new Budgets();
  restarted.restore(budgets.document());
  for (const each of [budgets, restarted]) {
    const both = (alias: string): LimitOwner => ownerOf(alias, 1000, 10, DAILY);
    for (const alias of ['a', 'b'])
      assert.deepEqual(
        [each.spentBy(both(alias), 'tokens', DAY).amount, each.spentBy(both(alias), 'money', DAY).amount],
        [50, 1],
        alias,
      );
  }
});
