import { priceOf } from '../../schema/price.ts';
import type { ClientKey } from '../keys/client-key.ts';
import { documentIn, KeyReader } from '../keys/stored-key.ts';
import type { Service } from '../service.ts';
import type { PlannedChange } from './record-content.ts';

/** Fields that decide whether a budget of money is ever spent. */
const DECIDING = ['max_budget', 'models', 'aliases', 'team_id'] as const;

/**
 * Whether a change leaves a budget of money of which nothing is ever spent: none of the models that the key, or the keys of the team, may use
 * has a price. A user may use all models. A change of other fields says nothing about it.
 */
export function leavesUnspentBudget({ before, after }: PlannedChange, service: Service): boolean {
  if (after.deletedMs !== undefined) return false;
  const [old, now] = [before, after].map((record) => (record === undefined ? {} : documentIn(record.document).fields));
  if (typeof now?.['max_budget'] !== 'number') return false;
  const isDecided = DECIDING.some((name) => JSON.stringify(old?.[name]) !== JSON.stringify(now[name]));
  if (before !== undefined && !isDecided) return false;
  const { models } = service.namesFor(callerOf(after));
  const deployments = [...models.values()].flatMap((group) => [...group.deployments]);
  return !deployments.some((deployment) => {
    const { input, output } = priceOf(deployment);
    return input > 0 || output > 0;
  });
}

/** A key that may use what the owner of the budget may. */
function callerOf(after: PlannedChange['after']): ClientKey | undefined {
  const record = { ...after, revision: 0 };
  const reader = new KeyReader();
  if (after.kind === 'key') return reader.keyOf(record);
  const { alias, models, limits } = reader.teamOf(record);
  return after.kind === 'user'
    ? undefined
    : { alias, hash: '', expiresMs: undefined, blocked: false, models, team: undefined, limits };
}
