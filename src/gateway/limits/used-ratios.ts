import type { LimitOwner } from '../keys/limit-owner.ts';
import type { Budgets } from './budgets.ts';
import type { Limiter } from './limiter.ts';
import { partOf } from './part-of.ts';

/** The used parts of the limits and budgets of a key, from 0 to 1. */
export interface UsedRatios {
  /** Of the key itself, by kind. */
  readonly limits: readonly (readonly [kind: 'requests' | 'tokens' | 'parallel', ratio: number])[];
  /** Of the key, its team and its user. */
  readonly budgets: readonly { readonly scope: string; readonly name: string; readonly ratio: number }[];
}

/** The parts that the owners of a key's limits have used. `nowMs` is the limiter's clock, `dateMs` since 1970. */
export function usedRatios(
  owners: readonly LimitOwner[],
  { limiter, budgets }: { readonly limiter: Limiter; readonly budgets: Budgets },
  nowMs: number,
  dateMs: number,
): UsedRatios {
  const key = owners.find(({ kind }) => kind === 'key');
  return {
    limits: key === undefined ? [] : limitRatios(key, limiter, nowMs),
    budgets: owners.flatMap((owner) => {
      const ratio = budgets.ratioOf(owner, dateMs);
      return ratio === undefined ? [] : [{ scope: owner.kind, name: owner.alias, ratio }];
    }),
  };
}

function limitRatios(owner: LimitOwner, limiter: Limiter, nowMs: number): UsedRatios['limits'] {
  const { perMinute, tokensPerMinute, parallel } = owner.limits;
  const used = limiter.usedBy(owner, nowMs);
  const rows = [
    ['requests', used.requests, perMinute],
    ['tokens', used.tokens, tokensPerMinute],
    ['parallel', used.parallel, parallel],
  ] as const;
  return rows.flatMap(([kind, amount, limit]) => (limit === undefined ? [] : [[kind, partOf(amount, limit)] as const]));
}
