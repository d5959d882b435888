import type { Deployment } from './gateway-config.ts';

/** The price of a token in USD, of the prompt and of the answer. */
export interface Price {
  readonly input: number;
  readonly output: number;
}

/** The price of a deployment: LiteLLM's keys stand in `model_info` or `litellm_params`. Without them it costs nothing. */
export function priceOf({ listed: { info, params } }: Pick<Deployment, 'listed'>): Price {
  const read = (name: string): number => {
    const value = Number(info[name] ?? params[name] ?? 0);
    return value > 0 && Number.isFinite(value) ? value : 0;
  };
  return { input: read('input_cost_per_token'), output: read('output_cost_per_token') };
}
