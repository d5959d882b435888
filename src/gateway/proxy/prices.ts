import type { Deployment, GatewayConfig } from '../../schema/gateway-config.ts';
import type { Usage } from '../exchange.ts';
import type { BudgetAmounts } from '../limits/spent-amounts.ts';
import type { RequestRecord } from '../request-context.ts';
import { priceOf, type Price } from '../../schema/price.ts';

const FREE: Price = { input: 0, output: 0 };

const known = new WeakMap<GatewayConfig, ReadonlyMap<string, Price>>();

/** The amounts of a request that has ended: as its server counted, at the price of the deployment that answered. */
export function amountsOf(config: GatewayConfig, { usage, modelId }: RequestRecord): BudgetAmounts {
  if (usage === undefined) return { tokens: 0, money: 0 };
  return { tokens: usage.promptTokens + usage.completionTokens, money: costOf(usage, config, modelId) };
}

/** The cost of a request that has ended, in USD. */
export function costOf({ promptTokens, completionTokens }: Usage, config: GatewayConfig, modelId?: string): number {
  const { input, output } = priceFor(config, modelId);
  return promptTokens * input + completionTokens * output;
}

/** The price of the deployment with this id; without one of its own, nothing. */
export function priceFor(config: GatewayConfig, modelId = ''): Price {
  let prices = known.get(config);
  if (prices === undefined) {
    const deployments = config.groups.flatMap((group): readonly Deployment[] => group.deployments);
    prices = new Map(deployments.map((deployment) => [deployment.listed.id, priceOf(deployment)]));
    known.set(config, prices);
  }
  return prices.get(modelId) ?? FREE;
}
