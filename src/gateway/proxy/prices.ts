import type { Deployment, GatewayConfig } from '../../schema/gateway-config.ts';
import type { Usage } from '../exchange.ts';
import type { BudgetAmounts } from '../limits/budgets.ts';
import type { RequestRecord } from '../request-context.ts';

/** The price of a token, of the prompt and of the answer. */
interface Price {
  readonly input: number;
  readonly output: number;
}

const FREE: Price = { input: 0, output: 0 };

const known = new WeakMap<GatewayConfig, ReadonlyMap<string, Price>>();

/** The price of a deployment: LiteLLM's keys stand in `model_info` or `litellm_params`. */
export function priceOf({ listed: { info, params } }: Pick<Deployment, 'listed'>): Price {
  const read = (name: string): number => {
    const value = Number(info[name] ?? params[name] ?? 0);
    return value > 0 && Number.isFinite(value) ? value : 0;
  };
  return { input: read('input_cost_per_token'), output: read('output_cost_per_token') };
}

/** The amounts of a request that has ended: as its server counted, at the price of the deployment that answered. */
export function amountsOf(config: GatewayConfig, { usage, modelId }: RequestRecord): BudgetAmounts {
  if (usage === undefined) return { tokens: 0, money: 0 };
  return { tokens: usage.promptTokens + usage.completionTokens, money: costOf(usage, config, modelId) };
}

function costOf({ promptTokens, completionTokens }: Usage, config: GatewayConfig, modelId = ''): number {
  let prices = known.get(config);
  if (prices === undefined) {
    const deployments = config.groups.flatMap((group): readonly Deployment[] => group.deployments);
    prices = new Map(deployments.map((deployment) => [deployment.listed.id, priceOf(deployment)]));
    known.set(config, prices);
  }
  const { input, output } = prices.get(modelId) ?? FREE;
  return promptTokens * input + completionTokens * output;
}
