import type { Json } from '../../json.ts';
import type { Usage } from '../../exchange.ts';

/**
 * The `usage` object of a response. All `usages` belong to choices of one prompt, so its tokens count once, as OpenAI counts them.
 */
export function completionUsage(usages: readonly Usage[]): Json {
  const [only] = usages;
  if (only?.original !== undefined && usages.length === 1) return only.original;
  return countsBody(Math.max(0, ...usages.map((usage) => usage.promptTokens)), completionTokens(usages));
}

/** The `usage` object for several prompts; `usages` are in the order of the prompts, `choices` for each. */
export function usageOfPrompts(usages: readonly Usage[], choices: number): Json {
  if (usages.length === choices) return completionUsage(usages);
  const prompts = usages
    .filter((_usage, index) => index % choices === 0)
    .reduce((sum, usage) => sum + usage.promptTokens, 0);
  return countsBody(prompts, completionTokens(usages));
}

function completionTokens(usages: readonly Usage[]): number {
  return usages.reduce((sum, usage) => sum + usage.completionTokens, 0);
}

function countsBody(prompt: number, completion: number): Json {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}
